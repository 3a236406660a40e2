// Numbers, times and names as text.
import { type Load, type Observation, type Ship, simulated } from "./data";
import words from "../../words.json";

/** Words that the exports use too. */
export const WORDS = words;

const integer = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

export const whole = (value: number | null | undefined) =>
  value == null ? "–" : integer.format(value);

/** Rounded to three significant digits: 1,080,000 and not 1,080,621. */
export function rough(value: number | null | undefined): string {
  if (value == null) return "–";
  if (value === 0) return "0";
  const size = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(value))) - 2);
  return integer.format(Math.round(value / size) * size);
}

/** Half of an interval: ±12, and ±2.6 where it is below ten. */
export const plusMinus = (value: number | null | undefined) =>
  value == null ? "–" : `±${value >= 9.95 ? integer.format(Math.floor(value + 0.5)) : (Math.floor(10 * value + 0.5) / 10).toFixed(1)}`;

export const fixed = (value: number | null | undefined, digits = 1, unit = "") =>
  value == null ? "–" : `${value.toFixed(digits)}${unit}`;

/** With its sign, unless it is rounded to zero. */
export function signed(value: number | null | undefined, digits = 1): string {
  if (value == null) return "–";
  const size = Math.abs(value).toFixed(digits);
  return Number(size) === 0 ? size : `${value < 0 ? "−" : "+"}${size}`;
}

/** A chance. Those of a few hundred draws are never 0 or 100 %. */
export const percent = (p: number | null | undefined): string => {
  if (p == null) return "–";
  if (p >= 0.995) return "over 99 %";
  if (p < 0.005) return "under 1 %";
  return `${Math.round(p * 100)} %`;
};
export const isEven = (p: number) => Math.round(p * 100) === 50;
/** A chance of a yes or no, of which one half is no knowledge. */
export const chance = (p: number | null | undefined): string => (p == null || isEven(p) ? WORDS.undetermined : percent(p));
/** A measured part of a whole, which may be nothing or all. */
export const part = (fraction: number | null | undefined): string => (fraction == null ? "–" : `${Math.round(fraction * 100)} %`);

/** Chance that a visit was that of a small tanker, and what it rests on. */
export function tankerText(p: number | null, basis: string | null): string {
  const text = chance(p);
  if (basis == null || text === WORDS.undetermined) return text;
  return `${text}, ${(WORDS.tanker_basis as Record<string, string>)[basis] ?? basis}`;
}

/** Strength of evidence in words: "about 9 to 1 for laden". */
export function oddsText(lr: number | null | undefined): string {
  if (lr == null) return "–";
  const odds = Math.exp(Math.abs(lr)), side = lr > 0 ? "laden" : "ballast";
  if (odds < 1.25) return "says nothing about the load";
  const ratio = odds > 1000 ? "over 1,000" : odds >= 10 ? `about ${rough(Number(odds.toPrecision(1)))}` : `about ${odds.toFixed(odds < 3 ? 1 : 0)}`;
  return `${ratio} to 1 for ${side}`;
}

export const withError = (value: number | null, sigma: number | null, digits = 0, unit = " m") =>
  value == null ? "–" : `${value.toFixed(digits)}${sigma == null ? "" : ` ± ${sigma.toFixed(digits)}`}${unit}`;

const format = (options: Intl.DateTimeFormatOptions) => {
  const made = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
  return (t: number | null | undefined) => (t == null ? "–" : made.format(t * 1000));
};
export const day = format({ day: "numeric", month: "short", year: "numeric" });
export const dayMonth = format({ day: "numeric", month: "short" });
const clock = format({ hour: "2-digit", minute: "2-digit" });
export const moment = (t: number | null | undefined) => (t == null ? "–" : `${day(t)}, ${clock(t)} UTC`);

export const LOAD_TEXT: Record<Load, string> = words.loads;
/** Short names, for the filter and the list. */
export const LOAD_NAMES: Record<Load, string> = {
  laden: "laden",
  ballast: "in ballast",
  indeterminate: "cannot be determined",
  unread: "not measured",
};

const REASONS: Record<string, string> = words.reasons;
export const reasonText = (reason: string | null) =>
  reason == null ? "" : (REASONS[reason] ?? reason.replaceAll("_", " "));

/** A note of a table, with what a missing column means in place of its name. */
export const noteText = (note: string): string =>
  note.replace(/\bno (\w+):/, (whole, column) => ((words.lacking as Record<string, string>)[column] ?? whole.slice(0, -1)) + ":");

const COLLECTIONS: Record<string, string> = {
  "sentinel-2-l2a": "Sentinel-2, 10 m",
  "sentinel-2-l1c": "Sentinel-2, 10 m",
  "sentinel-1-grd": "Sentinel-1, radar",
  "sentinel-2": "Sentinel-2, 10 m",
  "sentinel-1": "Sentinel-1, radar",
  "daily-3m": "daily, 3 m",
  "sub-metre": "0.5 m",
};
/** Common name of a collection; a note at the top of the page says if its scenes are simulated. */
export const collectionText = (name: string) => COLLECTIONS[name.replace(/^synthetic-/, "")] ?? name;

export const portText = (name: string) =>
  name === "everywhere" ? "Whole scene" : name
    .split(/([- ])/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("")
    .replaceAll("-", " ");

/** Name of a zone; the seafarers' "roads" is an anchorage to everybody else. */
export const zoneText = (name: string | null) => (name === "roads" ? "anchorage" : (name ?? "–"));

export function skyText(observation: Observation): string {
  if (observation.status === "failed") return `failed: ${observation.reason ?? "no reason given"}`;
  if (observation.status === "skipped") return `skipped: ${observation.reason ?? "no reason given"}`;
  const water = `${part(observation.seen)} of the water${Object.keys(observation.zones).length ? " at the berth" : ""} visible`;
  return observation.sky === "cloudy" ? `cloudy, ${water}` : water;
}

/** In front of every line of text about simulated scenes. */
const SIMULATED = () => (simulated() ? `${WORDS.simulated}: ` : "");

/** How many ships an image shows; "no ship" only where it could have shown one. */
export function countText({ ships, sky, status }: Observation): string {
  if (ships.length) return `${ships.length} ship${ships.length > 1 ? "s" : ""}`;
  return status !== "observed" ? "not used" : sky === "clear" ? "no ship" : "no ship where the water was visible";
}

export const observationText = (observation: Observation) =>
  `${SIMULATED()}${portText(observation.port)}, ${moment(observation.t)}, ${collectionText(observation.collection)}: ${countText(observation)}; ${skyText(observation)}`;

export function shipText(ship: Ship): string {
  const size = `${fixed(ship.length, 0)} × ${fixed(ship.beam, 0)} m`;
  const why = ship.load === "indeterminate" && ship.reason ? ` (${reasonText(ship.reason)})` : "";
  return `${SIMULATED()}${portText(ship.port)}, ${moment(ship.t)}, ${collectionText(ship.collection)}: ship of ${size}, ${LOAD_TEXT[ship.load]}${why}`;
}
