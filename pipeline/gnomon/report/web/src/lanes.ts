// Where everything of the timeline lies, in pixels from its top: a block a port, in it the visits
// in as many lanes as overlap, and a row a sensor with its looks and the ships in them.
import { collectionsOf, portsOf, type Filter } from "./filter";
import { LOADS, type Look, type Page, type Ship, type Visit } from "./data";

export const HEAD = 30;
export const LANE = 11;
const STEP = 8;
const HIGH = 6;
export const TICK = 14;
const GAP = 16;

export interface Row {
  port: string;
  collection: string;
  /** The line that looks hang from and ships stand on. */
  base: number;
  top: number;
}
export interface Placed<T> {
  of: T;
  y: number;
  /** Pixels to the right of its time. */
  dx: number;
}
export interface Lanes {
  height: number;
  ports: { name: string; y: number }[];
  rows: Row[];
  looks: Placed<Look>[];
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

function stacked(look: Look, base: number, offset: number): Placed<Ship>[] {
  const order = [...look.ships].sort((a, b) => LOADS.indexOf(a.load) - LOADS.indexOf(b.load));
  return order.map((ship, k) => ({
    of: ship,
    y: base - 6 - STEP * (k % HIGH),
    dx: offset + STEP * Math.floor(k / HIGH),
  }));
}

function grouped<T>(values: T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const name = key(value);
    if (!groups.get(name)?.push(value)) groups.set(name, [value]);
  }
  return groups;
}

export function lanes(page: Page, filter: Filter): Lanes {
  const made: Lanes = { height: 0, ports: [], rows: [], looks: [], ships: [], visits: [] };
  const collections = collectionsOf(page);
  const looksOf = grouped(page.looks, (look) => `${look.port}|${look.collection}`);
  const visitsOf = grouped(page.visits, (visit) => visit.port);
  let y = 0;
  for (const port of portsOf(page)) {
    if (!filter.ports.has(port)) continue;
    made.ports.push({ name: port, y: y + HEAD / 2 + 2 });
    y += HEAD;
    const visits = [...(visitsOf.get(port) ?? [])].sort((a, b) => begins(a) - begins(b));
    const lane = packed(visits);
    visits.forEach((visit, k) => made.visits.push({ of: visit, y: y + LANE * (lane[k]! + 0.5), dx: 0 }));
    if (visits.length) y += LANE * (Math.max(...lane) + 1) + 6;
    for (const collection of collections) {
      const looks = looksOf.get(`${port}|${collection}`);
      if (!looks || !filter.collections.has(collection)) continue;
      const most = Math.max(...looks.map((look) => look.ships.length));
      const base = y + 6 + STEP * Math.min(most, HIGH);
      made.rows.push({ port, collection, base, top: y });
      for (const look of looks) {
        if (look.t == null) continue;
        made.looks.push({ of: look, y: base, dx: 0 });
        made.ships.push(...stacked(look, base, 0));
      }
      y = base + TICK + 8;
    }
    y += GAP;
  }
  made.height = y;
  return made;
}
