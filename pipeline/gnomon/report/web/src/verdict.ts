// What the page says of the cap, of periods and of chances, in words that need no statistics.
import type { Observation, Page, Scenario, Year } from "./data";
import { day, whole } from "./text";

const SURE = 0.95;
/** Chances between which the images do not decide. */
const OPEN: [number, number] = [0.4, 0.6];
const DAY_S = 86400;

/** Whether the cap was exceeded, as a sentence. */
export function verdict(p: number): string {
  if (p >= SURE) return "The cap was exceeded.";
  if (p > OPEN[1]) return "The cap was more likely exceeded than not.";
  if (p >= OPEN[0]) return "Whether the cap was exceeded cannot be determined.";
  if (p > 1 - SURE) return "The cap was more likely not exceeded.";
  return "The cap was not exceeded in this time.";
}

/** Whether the cap was exceeded, in a cell; with the date if that is more likely than not. */
export function exceeded(one: Scenario): string {
  if (one.p_over >= 0.5) return one.passed[1] == null ? "date unknown" : day(one.passed[1]);
  return one.p_over >= OPEN[0] ? "not determined" : one.p_over > 1 - SURE ? "more likely not" : "no";
}

/** Heading over the date on which the cap was exceeded. */
export const exceededName = (p: number): string =>
  p >= SURE ? "Cap exceeded on" : p > OPEN[1] ? "Cap more likely exceeded, on" : p >= 0.5 ? "Cap, if exceeded, on" : "Cap exceeded?";

/** Days that the numbers of a year cover. */
export const daysOf = (year: Year): number | null =>
  year.start == null || year.end == null ? null : Math.floor((year.end - 1) / DAY_S) - Math.floor(year.start / DAY_S) + 1;

const isWhole = (year: Year) => (daysOf(year) ?? 0) >= 365;

/** The time that the numbers of a year cover: "in 2024", or its first and last day and their number. */
export function periodText(year: Year): string {
  const days = daysOf(year);
  if (isWhole(year)) return `in ${year.year}`;
  if (days == null) return `in a part of ${year.year} that is not known`;
  const [first, last] = [year.start!, year.end! - 1].map(day) as [string, string];
  const tail = ` ${year.year}`;
  const from = first.endsWith(tail) && last.endsWith(tail) ? first.slice(0, -tail.length) : first;
  return `from ${from} to ${last} (${whole(days)} days)`;
}

/** Whether an image is among those that the counts rest on: as in the tables, all that were observed and show some water. */
export const isUsable = (one: Observation) => one.status === "observed" && (one.seen > 0 || one.ships.length > 0);

/** Images by what they were good for; each is counted once. */
export function imageCounts(page: Page) {
  const made = { usable: 0, failed: 0, clouded: 0, omitted: 0 };
  for (const one of page.observations) {
    if (isUsable(one)) made.usable += 1;
    else if (one.status === "failed") made.failed += 1;
    else if (one.status === "skipped" && !/cloud/i.test(one.reason ?? "cloud")) made.omitted += 1;
    else made.clouded += 1;
  }
  return made;
}

/** What became of the images, as a sentence. */
export function imagesText(page: Page): string {
  const { usable, failed, clouded, omitted } = imageCounts(page);
  const parts = [
    failed && `${whole(failed)} failed`,
    clouded && `${whole(clouded)} hidden by cloud`,
    omitted && `${whole(omitted)} left out`,
  ].filter(Boolean);
  const others = parts.join(", ");
  if (!usable) return others ? `No image could be used: ${others}.` : "There is no image.";
  return `${whole(usable)} image${usable > 1 ? "s" : ""} could be used${others ? `; ${others}` : ""}.`;
}
