// Where everything of the timeline lies: for each port a strip of its visits, in as many lanes as
// overlap, and a strip for each sensor with its looks and, standing on them, the ships in them.
import { collectionsOf, portsOf } from "./filter";
import { LOADS, type Observation, type Page, type Ship, type Visit } from "./data";

const LANE = 11;
const STEP = 8;
const HIGH = 6;
export const TICK = 14;

/** A thing with its place in a strip, in pixels from the strip's top and to the right of its time. */
export interface Placed<T> {
  of: T;
  y: number;
  dx: number;
}
export interface Lane {
  id: string;
  port: string;
  /** Null for the strip of visits. */
  collection: string | null;
  height: number;
  /** The line that looks hang from and ships stand on. */
  base: number;
  observations: Placed<Observation>[];
  ships: Placed<Ship>[];
  visits: Placed<Visit>[];
}

export const begins = (visit: Visit): number => visit.arrived_p05 ?? visit.arrived_before;
export const ends = (visit: Visit): number => visit.departed_p95 ?? visit.departed_after;

/** The first lane that is free, for each visit in the order of their beginnings. */
function packed(visits: Visit[]): number[] {
  const until: number[] = [];
  return visits.map((visit) => {
    let lane = until.findIndex((end) => end < begins(visit));
    if (lane < 0) lane = until.push(0) - 1;
    until[lane] = ends(visit) + 6 * 3600;
    return lane;
  });
}

function grouped<T>(values: T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const name = key(value);
    if (!groups.get(name)?.push(value)) groups.set(name, [value]);
  }
  return groups;
}

function ofVisits(port: string, all: Visit[]): Lane {
  const visits = [...all].sort((a, b) => begins(a) - begins(b));
  const lane = packed(visits);
  return {
    id: `${port}|visits`, port, collection: null, base: 0, observations: [], ships: [],
    height: LANE * (Math.max(...lane) + 1) + 8,
    visits: visits.map((visit, k) => ({ of: visit, y: 4 + LANE * (lane[k]! + 0.5), dx: 0 })),
  };
}

function ofLooks(port: string, collection: string, all: Observation[]): Lane {
  const observations = all.filter((observation) => observation.t != null);
  const most = observations.reduce((top, observation) => Math.max(top, observation.ships.length), 0);
  const base = 8 + STEP * Math.min(most, HIGH);
  const ships = observations.flatMap((observation) =>
    [...observation.ships]
      .sort((a, b) => LOADS.indexOf(a.load) - LOADS.indexOf(b.load))
      .map((ship, k) => ({ of: ship, y: base - 6 - STEP * (k % HIGH), dx: STEP * Math.floor(k / HIGH) })),
  );
  return {
    id: `${port}|${collection}`, port, collection, base, ships, visits: [],
    height: base + TICK + 8,
    observations: observations.map((observation) => ({ of: observation, y: base, dx: 0 })),
  };
}

export function lanesOf(page: Page): Map<string, Lane[]> {
  const observations = grouped(page.observations, (observation) => `${observation.port}|${observation.collection}`);
  const visits = grouped(page.visits, (visit) => visit.port);
  return new Map(
    portsOf(page).map((port) => {
      const own = collectionsOf(page).flatMap((collection) => {
        const some = observations.get(`${port}|${collection}`);
        return some ? [ofLooks(port, collection, some)] : [];
      });
      const stays = visits.get(port);
      return [port, stays ? [ofVisits(port, stays), ...own] : own];
    }),
  );
}
