// Numbers, times and names as text.
import type { Load, Observation, Ship, Visit } from "./data";

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

export const fixed = (value: number | null | undefined, digits = 1, unit = "") =>
  value == null ? "–" : `${value.toFixed(digits)}${unit}`;

/** With its sign, unless it is rounded to zero. */
export function signed(value: number | null | undefined, digits = 1): string {
  if (value == null) return "–";
  const size = Math.abs(value).toFixed(digits);
  return Number(size) === 0 ? size : `${value < 0 ? "−" : "+"}${size}`;
}

export const percent = (p: number | null | undefined): string => {
  if (p == null) return "–";
  if (p > 0.995 && p < 1) return "over 99 %";
  if (p < 0.005 && p > 0) return "under 1 %";
  return `${Math.round(p * 100)} %`;
};

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
export const shortMoment = (t: number | null | undefined) => (t == null ? "–" : `${dayMonth(t)} ${clock(t)}`);

export const LOAD_TEXT: Record<Load, string> = {
  laden: "laden",
  ballast: "in ballast",
  indeterminate: "load cannot be determined from this image",
  unread: "load not measured",
};
/** Short names, for the filter and the list. */
export const LOAD_NAMES: Record<Load, string> = {
  laden: "laden",
  ballast: "in ballast",
  indeterminate: "cannot be determined",
  unread: "not measured",
};

const REASONS: Record<string, string> = {
  sun_high: "the sun is high, so the shadow is short",
  sun_along_hull: "the sun shines along the hull",
  too_small: "the ship is too small for these pixels",
  alongside: "a quay or pier lies where the shadow falls",
  neighbour: "another hull or its shadow is too close",
  cloud: "hidden by cloud, ice or missing data",
  sar: "radar shows no shadow on water",
  no_geometry: "the angles of the sun or the view are unknown",
  weak_evidence: "the pixels do not separate laden from ballast",
};
export const reasonText = (reason: string | null) =>
  reason == null ? "" : (REASONS[reason] ?? reason.replaceAll("_", " "));

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
  const part = `${Math.round(observation.seen * 100)} % of the water${Object.keys(observation.zones).length ? " at the berth" : ""} visible`;
  return observation.sky === "cloudy" ? `cloudy, ${part}` : part;
}

export const observationText = (observation: Observation) =>
  `${portText(observation.port)}, ${moment(observation.t)}, ${collectionText(observation.collection)}: ${
    observation.ships.length ? `${observation.ships.length} ship${observation.ships.length > 1 ? "s" : ""}` : "no ship"
  }; ${skyText(observation)}`;

export function shipText(ship: Ship): string {
  const size = `${fixed(ship.length, 0)} × ${fixed(ship.beam, 0)} m`;
  const why = ship.load === "indeterminate" && ship.reason ? ` (${reasonText(ship.reason)})` : "";
  return `${portText(ship.port)}, ${moment(ship.t)}, ${collectionText(ship.collection)}: ship of ${size}, ${LOAD_TEXT[ship.load]}${why}`;
}

/** How the load changed over a visit, if the posterior determines it. */
export function tradeText(visit: Visit): string {
  if ((visit.p_loaded ?? 0) > 0.9) return "came in ballast, left laden";
  if ((visit.p_unloaded ?? 0) > 0.9) return "came laden, left in ballast";
  return "change of load cannot be determined from these images";
}
export type Trade = "loaded" | "unloaded" | "open";
export const tradeOf = (visit: Visit): Trade =>
  (visit.p_loaded ?? 0) > 0.9 ? "loaded" : (visit.p_unloaded ?? 0) > 0.9 ? "unloaded" : "open";
