// Between which images a ship came and went, and which images could not show it.
import type { Observation, Page, Visit } from "./data";
import { day, moment } from "./text";

/** From this part of its area on the port is whole in an image, and what hides a place is cloud. */
const WHOLE = 0.99;

/** Images in which the ship's own place was hidden, in the order of time. */
function hiddenIn(page: Page, visit: Visit): Observation[] {
  const images = visit.hidden_images.map((scene: string) => page.observation.get(`${scene}@${visit.port}`));
  return images.filter((one: Observation | undefined) => one?.t != null).sort((a: Observation, b: Observation) => a.t! - b.t!);
}

function placeText(page: Page, visit: Visit): string {
  const zone = page.ports.find((port) => port.name === visit.port)?.zones.find((one) => one.name === visit.ships[0]?.zone);
  return zone?.kind === "berth" ? "the berth" : zone?.kind === "anchorage" ? "the anchorage" : "its place";
}

/** "6 Nov 2024: cloud over the berth", for the images before, during or after a visit; may be empty. */
export function hiddenText(page: Page, visit: Visit, when: "before" | "during" | "after"): string {
  const place = placeText(page, visit);
  return hiddenIn(page, visit)
    .filter(({ t }) => (t! < visit.arrived_before ? "before" : t! > visit.departed_after ? "after" : "during") === when)
    .map(({ t, covered }) => `${day(t)}: ${covered != null && covered < WHOLE ? "cloud or the edge of the image" : "cloud"} over ${place}`)
    .join("; ");
}

/** Between which images that show its place a ship came (before) or went (after). */
export function betweenText(visit: Visit, when: "before" | "after"): string {
  const [without, present] = when === "before" ? [visit.arrived_after, visit.arrived_before] : [visit.departed_before, visit.departed_after];
  if (without == null) return `${when} the image of ${moment(present)}; no ${when === "before" ? "earlier" : "later"} image shows its place`;
  const [first, second] = when === "before" ? [without, present] : [present, without];
  return `between the images of ${moment(first)} and ${moment(second)}, which show its place`;
}
