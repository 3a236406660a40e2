// Layout of the timeline: for each port a track of its visits, in as many rows as overlap, and for each
// sensor a track of its images with the ships in them standing on it.
import { collectionsOf, portsOf } from "./filter";
import { LOADS, type Observation, type Page, type Ship, type Visit } from "./data";

const ROW = 11;
const STEP = 8;
const HIGH = 6;
export const TICK = 14;

/** An item with its place: pixels from the top of its track, and to the right of its time. */
export interface Placed<T> {
  of: T;
  y: number;
  dx: number;
}
export interface Track {
  id: string;
  port: string;
  /** Null for the track of visits. */
  collection: string | null;
  height: number;
  /** The line that images hang from and ships stand on. */
  base: number;
  observations: Placed<Observation>[];
  ships: Placed<Ship>[];
  visits: Placed<Visit>[];
}

export const begins = (visit: Visit): number => Math.min(visit.arrived_p05 ?? visit.arrived_before, visit.arrived_before);
export const ends = (visit: Visit): number => Math.max(visit.departed_p95 ?? visit.departed_after, visit.departed_after);

/** The first free row for each visit, in the order in which they begin. */
function packed(visits: Visit[]): number[] {
  const until: number[] = [];
  return visits.map((visit) => {
    let track = until.findIndex((end) => end < begins(visit));
    if (track < 0) track = until.push(0) - 1;
    until[track] = ends(visit) + 6 * 3600;
    return track;
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

function trackOfVisits(port: string, all: Visit[]): Track {
  const visits = [...all].sort((a, b) => begins(a) - begins(b));
  const track = packed(visits);
  return {
    id: `${port}|visits`, port, collection: null, base: 0, observations: [], ships: [],
    height: ROW * (Math.max(...track) + 1) + 8,
    visits: visits.map((visit, k) => ({ of: visit, y: 4 + ROW * (track[k]! + 0.5), dx: 0 })),
  };
}

function trackOfObservations(port: string, collection: string, all: Observation[]): Track {
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

export function tracksOf(page: Page): Map<string, Track[]> {
  const observations = grouped(page.observations, (observation) => `${observation.port}|${observation.collection}`);
  const visits = grouped(page.visits, (visit) => visit.port);
  return new Map(
    portsOf(page).map((port) => {
      const own = collectionsOf(page).flatMap((collection) => {
        const some = observations.get(`${port}|${collection}`);
        return some ? [trackOfObservations(port, collection, some)] : [];
      });
      const stays = visits.get(port);
      return [port, stays ? [trackOfVisits(port, stays), ...own] : own];
    }),
  );
}
