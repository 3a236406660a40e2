// What observations, ships and visits have in common: address, text, time, and whether a filter shows them.
import type { Load, Observation, Page, Ship, Visit } from "./data";
import { type Filter, showsObservation, showsShip, showsVisit } from "./filter";
import { visitText } from "./own";
import { observationText, shipText } from "./text";

export type Span = [number, number];
export type Item = Observation | Ship | Visit;
export const SYMBOLS: Record<Load, string> = {
  laden: "circle",
  ballast: "triangle",
  indeterminate: "diamond",
  unread: "square",
};
const isVisit = (item: Item): item is Visit => !("kind" in item);

export const addressOf = (item: Item): string =>
  isVisit(item) ? `visit-${item.id}` : item.kind === "observation" ? `observation-${item.key}` : `ship-${item.id}`;

export const itemText = (item: Item): string =>
  isVisit(item)
    ? visitText(item)
    : item.kind === "observation"
      ? observationText(item)
      : shipText(item);

export const shows = (filter: Filter, item: Item): boolean =>
  isVisit(item) ? showsVisit(filter, item) : item.kind === "observation" ? showsObservation(filter, item) : showsShip(filter, item);

export const timeOf = (item: Item): number => (isVisit(item) ? item.arrived_p50 : item.t!);

export function wholeSpan(page: Page): Span {
  const times = [...page.observations.map((observation) => observation.t), ...page.ships.map((ship) => ship.t)].filter((t) => t != null);
  if (!times.length) return [Date.UTC(2024, 0, 1) / 1000, Date.UTC(2025, 0, 1) / 1000];
  const low = times.reduce((a, b) => Math.min(a, b));
  const high = times.reduce((a, b) => Math.max(a, b));
  const room = Math.max((high - low) * 0.015, 43200);
  return [low - room, high + room];
}

/** A span scaled by a factor about a moment that keeps its place. */
export function scaled(span: Span, factor: number, about = (span[0] + span[1]) / 2): Span {
  const next: Span = [about - (about - span[0]) * factor, about + (span[1] - about) * factor];
  return next[1] - next[0] < 7200 ? span : next;
}
