// What a visit's own images show of its load, and what is supposed from the other visits at its port.
import { type Load, type Ship, simulated, type Visit } from "./data";
import { chance, day, isEven, LOAD_TEXT, portText, WORDS } from "./text";

type Known = "laden" | "ballast";
/** Odds of nine to one, as for the load states of images. */
const SURE = 0.9;
/** From so many images in a row with one load they are summed up. */
const MANY = 3;

const known = (p: number | null | undefined): Known | null =>
  p == null ? null : p > SURE ? "laden" : p < 1 - SURE ? "ballast" : null;
const isKnown = (load: Load): load is Known => load === "laden" || load === "ballast";

interface Same {
  load: Known;
  days: string[];
}

/** Images that show a load, those of one day and load together, runs of one load together. */
function runs(ships: Ship[]): Same[] {
  const made: Same[] = [];
  for (const ship of ships) {
    if (!isKnown(ship.load)) continue;
    const last = made[made.length - 1];
    if (last?.load === ship.load) last.days.push(day(ship.t));
    else made.push({ load: ship.load, days: [day(ship.t)] });
  }
  return made;
}

function runText({ load, days }: Same): string {
  const name = LOAD_TEXT[load], each = [...new Set(days)];
  if (days.length > MANY) return `${name} in ${days.length} images from ${days[0]} to ${days[days.length - 1]}`;
  return each
    .map((one) => {
      const count = days.filter((other) => other === one).length;
      return `${name} on ${one}${count > 1 ? ` (${count} images)` : ""}`;
    })
    .join(", ");
}

/** What each image of a visit shows of the load; the headline of its card. */
export function ownText(visit: Visit): string {
  const { ships } = visit, count = ships.length;
  if (!count) return "None of its images is in this run";
  const shown = runs(ships), left = ships.filter((ship) => !isKnown(ship.load)).length;
  if (!shown.length) return `Load cannot be determined in ${count === 1 ? `its one image, of ${day(ships[0]!.t)}` : `its ${count} images`}`;
  const its = count === 1 ? "Its one image" : `Its ${count} images`;
  const rest = left ? `; cannot be determined in ${left === 1 ? "the other" : `the other ${left}`}` : "";
  return `${its}: ${shown.map(runText).join(", ")}${rest}`;
}

function stateText(p: number, when: string): string {
  const state = known(p);
  if (state) return `${LOAD_TEXT[state]} ${when} (${chance(state === "laden" ? p : 1 - p)})`;
  return `load ${when} cannot be determined${isEven(p) ? "" : ` (chance laden ${chance(p)})`}`;
}

/** What its images together say of arrival and departure; empty if none of them determines the load. */
export function togetherText(visit: Visit): string {
  const { image_p_laden_in: at, image_p_laden_out: out } = visit;
  const parts = [at == null ? null : stateText(at, "on arrival"), out == null ? null : stateText(out, "on departure")];
  return parts.filter(Boolean).join(", ");
}

/** The load that the port's other visits make likely; never more than a supposition. */
export function supposedText(visit: Visit): string {
  const { p_loaded: loaded, p_unloaded: unloaded } = visit;
  if (loaded > SURE) return `it came in ballast and left laden (chance ${chance(loaded)})`;
  if (unloaded > SURE) return `it came laden and left in ballast (chance ${chance(unloaded)})`;
  return `whether it loaded or unloaded is open (chance that it loaded ${chance(loaded)}, that it unloaded ${chance(unloaded)})`;
}

/** Whether the images of the ship itself show the change of load that is supposed. */
export const shownBy = (visit: Visit): boolean => {
  const supposed = [known(visit.p_laden_in), known(visit.p_laden_out)], own = [known(visit.image_p_laden_in), known(visit.image_p_laden_out)];
  return supposed.every((state, k) => state != null && state === own[k]);
};

/** One sentence where the images of the ship contradict or do not show what is supposed; else null. */
export function disagreement(visit: Visit): string | null {
  const supposed = { "on arrival": known(visit.p_laden_in), "on departure": known(visit.p_laden_out) };
  const others = { "on arrival": known(visit.others_p_laden_in), "on departure": known(visit.others_p_laden_out) };
  const own = { "on arrival": known(visit.image_p_laden_in), "on departure": known(visit.image_p_laden_out) };
  for (const when of ["on departure", "on arrival"] as const)
    if (visit.contradicts_trade && own[when] && others[when] && own[when] !== others[when])
      return `The two disagree: its own images say that it was ${LOAD_TEXT[own[when]]} ${when}, the other visits that it was ${LOAD_TEXT[others[when]]}.`;
  const seen = new Set(visit.ships.map((ship) => ship.load).filter(isKnown));
  for (const state of [supposed["on departure"], supposed["on arrival"]])
    if (state && seen.size && !seen.has(state)) return `None of its own images shows it ${LOAD_TEXT[state]}: that rests on the other visits alone.`;
  return null;
}

/** When its images show it. */
export const seenText = (visit: Visit): string => {
  const [first, last] = [day(visit.arrived_before), day(visit.departed_after)];
  return first === last ? `seen on ${first}` : `seen from ${first} to ${last}`;
};

/** A visit in one line: what was seen, then what is supposed. */
export const visitText = (visit: Visit): string =>
  `${simulated() ? `${WORDS.simulated}: visit` : "Visit"} at ${portText(visit.port)}, ${seenText(visit)}. ${ownText(visit)}. ${WORDS.supposed}: ${supposedText(visit)}.`;

export interface Piece {
  from: number;
  to: number;
  load: Load;
}

/** The time between the first and the last image of a visit, each part with the load of the image next to it. */
export function pieces(visit: Visit): Piece[] {
  const { ships } = visit;
  if (!ships.length) return [{ from: visit.arrived_before, to: visit.departed_after, load: "unread" }];
  const made: Piece[] = [];
  ships.forEach((ship, k) => {
    const from = k ? (ships[k - 1]!.t + ship.t) / 2 : ship.t;
    const to = k < ships.length - 1 ? (ship.t + ships[k + 1]!.t) / 2 : ship.t;
    const last = made[made.length - 1];
    if (last?.load === ship.load) last.to = to;
    else made.push({ from, to, load: ship.load });
  });
  return made;
}
