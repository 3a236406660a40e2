// Looks, ships and visits alike: their addresses, words and times, and whether a filter shows them.
import type { Load, Observation, Page, Ship, Visit } from "./data";
import { type Filter, showsObservation, showsShip, showsVisit } from "./filter";
import { day, lookWords, portWords, shipWords, tradeWords } from "./words";

export type Span = [number, number];
export type Thing = Observation | Ship | Visit;
export const SYMBOLS: Record<Load, string> = {
  laden: "circle",
  ballast: "triangle",
  indeterminate: "diamond",
  unread: "square",
};
const isVisit = (thing: Thing): thing is Visit => !("kind" in thing);

export const addressOf = (thing: Thing): string =>
  isVisit(thing) ? `visit-${thing.id}` : thing.kind === "observation" ? `observation-${thing.key}` : `ship-${thing.id}`;

export const thingWords = (thing: Thing): string =>
  isVisit(thing)
    ? `Visit at ${portWords(thing.port)}, ${day(thing.arrived_p50)} to ${day(thing.departed_p50)}: ${tradeWords(thing)}`
    : thing.kind === "observation"
      ? lookWords(thing)
      : shipWords(thing);

export const shows = (filter: Filter, thing: Thing): boolean =>
  isVisit(thing) ? showsVisit(filter, thing) : thing.kind === "observation" ? showsObservation(filter, thing) : showsShip(filter, thing);

export const timeOf = (thing: Thing): number => (isVisit(thing) ? thing.arrived_p50 : thing.t!);

export function wholeSpan(page: Page): Span {
  const times = [...page.observations.map((observation) => observation.t), ...page.ships.map((ship) => ship.t)].filter((t) => t != null);
  if (!times.length) return [Date.UTC(2024, 0, 1) / 1000, Date.UTC(2025, 0, 1) / 1000];
  const low = times.reduce((a, b) => Math.min(a, b));
  const high = times.reduce((a, b) => Math.max(a, b));
  const room = Math.max((high - low) * 0.015, 43200);
  return [low - room, high + room];
}

/** A span wider or narrower by a factor, about a moment that stays where it is. */
export function scaled(span: Span, factor: number, about = (span[0] + span[1]) / 2): Span {
  const next: Span = [about - (about - span[0]) * factor, about + (span[1] - about) * factor];
  return next[1] - next[0] < 7200 ? span : next;
}
