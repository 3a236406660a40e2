// The run as Python wrote it into the page (see report/page/payload.py), and joined for the rest of the page.

export type Load = "laden" | "ballast" | "indeterminate" | "unread";
export const LOADS: Load[] = ["laden", "ballast", "indeterminate", "unread"];
export type Sky = "clear" | "cloudy" | "failed";

type Columns = Record<string, any[]>;
export type Ring = [number, number][];
/** The 5, 50 and 95 % quantiles. */
export type Three = [number | null, number | null, number | null];

/** Quantities if ships load. */
export interface IfLoading {
  seen: number;
  deliveries: Three;
  tonnes: Three;
  barrels: Three;
  p_over: number;
}
/** Where images do not decide whether ships load: the ports, and barrels either way. */
export interface OpenDirection {
  ports: string[];
  p_loading: number;
  loading: IfLoading | null;
  otherwise: Three;
}
export interface Scenario {
  name: string;
  seen: number;
  deliveries: Three;
  tonnes: Three;
  barrels: Three;
  p_over: number;
  passed: [number | null, number | null, number | null];
  open: OpenDirection | null;
}
export interface Swing {
  what: string;
  low: number;
  high: number;
  text: string;
}
export interface Curve {
  t: number[];
  low: number[];
  middle: number[];
  high: number[];
}
export interface Year {
  year: number;
  start: number | null;
  end: number | null;
  cap: number;
  reported: number;
  scenarios: Scenario[];
  swings: Swing[];
  curve: Curve | null;
}
export interface FurtherImages {
  passes: string;
  sensor: string;
  gsd_m: number;
  a_month: number;
  free: boolean;
  p_seen: number;
  half_width: number;
}
export interface Season {
  port: string;
  notes: string[];
  start: number;
  end: number;
  observations: number;
  usable_observations: number;
  visits_p05: number | null;
  visits_p50: number | null;
  visits_p95: number | null;
  seen_p50: number | null;
  p_seen: number | null;
  ideal_half_width: number | null;
  further: FurtherImages[];
  horvitz_thompson: number | null;
  horvitz_thompson_sigma: number | null;
  little: number | null;
  little_sigma: number | null;
  chapman: number | null;
  chapman_sigma: number | null;
  dwell_days: number | null;
  dwell_sigma_days: number | null;
  loaded_p05: number | null;
  loaded_p50: number | null;
  loaded_p95: number | null;
  unloaded_p05: number | null;
  unloaded_p50: number | null;
  unloaded_p95: number | null;
  p_exports: number | null;
  preliminary: boolean;
  misfit: boolean;
}
/** The clearest image of a port, its rows even in Web Mercator. */
export interface PortPicture {
  src: string;
  west: number;
  south: number;
  east: number;
  north: number;
  scene: string;
  collection: string;
  t: number | null;
  credit: string;
}
export interface Port {
  name: string;
  area: Ring[];
  zones: { name: string; kind: string; provisional: boolean; rings: Ring[] }[];
  coast: Ring[];
  picture: PortPicture | null;
}
export interface Candidate {
  name: string;
  p: number;
  imo?: string;
  deadweight_t?: string;
  length_m?: string;
  listing?: string;
}
export interface Visit {
  id: string;
  port: string;
  place: [number, number] | null;
  mmsi: string | null;
  dark: boolean | null;
  shipIds: string[];
  ships: Ship[];
  candidates: Candidate[];
  onward: { to: string | null; visit: string | null; p: number }[];
  [measure: string]: any;
}
export interface Observation {
  kind: "observation";
  key: string;
  scene: string;
  collection: string;
  platform: string;
  sensor: string | null;
  t: number | null;
  port: string;
  status: string;
  reason: string | null;
  usable: number | null;
  covered: number | null;
  zones: Record<string, number>;
  sun: number | null;
  sun_az: number | null;
  view: number | null;
  gsd: number | null;
  digest: string | null;
  sky: Sky;
  /** Fraction of the water that was visible; of the berths, if they are known. */
  seen: number;
  ships: Ship[];
}
export interface Ship {
  kind: "ship";
  id: string;
  scene: string;
  collection: string;
  platform: string;
  sensor: string | null;
  t: number;
  port: string;
  zone: string | null;
  load: Load;
  /** Whether the load state was derived here, from the log likelihood ratio alone. */
  derived: boolean;
  state: string | null;
  reason: string | null;
  outline: Ring | null;
  lon: number | null;
  lat: number | null;
  quay: boolean | null;
  model: string | null;
  digest: string | null;
  observation: Observation | null;
  visit: Visit | null;
  [measure: string]: any;
}
export interface Chip {
  src: string;
  half: number;
  gsd: number;
  hull: Ring | null;
  shadow: Ring | null;
  detected: Ring | null;
  scene: string;
}
export interface Posterior {
  x: number[];
  post: number[];
  like: number[];
  laden: [number, number];
  ballast: [number, number];
  fitted: boolean;
}
/** The picture that says most of its ship's load. */
export interface Strongest {
  ship: string;
  chip: Chip;
  credit: string;
}
interface Raw {
  format: number;
  run: Run;
  answer: {
    loading: string[];
    product: string | null;
    seasons: Season[];
    years: Year[];
    vessels: { named: [string, number][]; at_once: number };
    visits: number;
  };
  ports: Port[];
  observations: Columns;
  ships: Columns;
  visits: any[];
  register: Record<string, Partial<Candidate>>;
  items: Record<string, string>;
  review: any;
  reviewed: string[];
  effects: Effect[];
  together: Effects | null;
  strongest: Strongest | null;
}
export interface Run {
  name: string;
  description: string;
  made_at: string | null;
  shown_at: string;
  versions: Record<string, string>;
  weights: Record<string, string>;
  catalog: string | null;
  credits: string[];
  simulated: boolean;
  clear: number;
  notes: string[];
}
/** What a decision of an analyst changed: each value before and after it. */
export interface Effect {
  ship: string;
  decision: string;
  visit: [string | null, string | null];
  tanker: [number | null, number | null];
  loaded: [number | null, number | null];
}
/** What all decisions together changed. */
export interface Effects {
  barrels: [number | null, number | null];
  noise: number | null;
  deliveries: [number | null, number | null];
}
export interface Evidence {
  chips: Record<string, Chip>;
  posteriors: Record<string, Posterior>;
}
export interface Page extends Omit<Raw, "observations" | "ships" | "visits"> {
  observations: Observation[];
  ships: Ship[];
  visits: Visit[];
  ship: Map<string, Ship>;
  visit: Map<string, Visit>;
  observation: Map<string, Observation>;
}

const parsed = (id: string) => JSON.parse(document.getElementById(id)!.textContent!);

const rows = (columns: Columns): any[] => {
  const names = Object.keys(columns);
  return columns[names[0]!]!.map((_, k) =>
    Object.fromEntries(names.map((name) => [name, columns[name]![k]])),
  );
};

export const pLaden = (lr: number) => 1 / (1 + Math.exp(-lr));

/** Load state of a row; derived from the likelihood ratio, with the bounds that gnomon uses, if there is no state. */
function loadOf(ship: any): [Load, boolean] {
  if (ship.state === "laden" || ship.state === "ballast" || ship.state === "indeterminate")
    return [ship.state, false];
  if (ship.lr === null) return ["unread", false];
  const p = pLaden(ship.lr);
  return [p > 0.9 ? "laden" : p < 0.1 ? "ballast" : "indeterminate", true];
}

function withSky(observation: any, clear: number): Observation {
  const berths = Object.values(observation.zones as Record<string, number>);
  const seen = observation.status === "observed" ? (berths.length ? Math.max(...berths) : (observation.usable ?? 0)) : 0;
  const sky: Sky = observation.status === "failed" ? "failed" : seen >= clear ? "clear" : "cloudy";
  return { ...observation, kind: "observation", key: `${observation.scene}@${observation.port}`, seen, sky, ships: [] };
}

export function loadPage(): Page {
  const raw: Raw = parsed("page");
  made = raw.run.simulated;
  const observations = rows(raw.observations).map((observation) => withSky(observation, raw.run.clear));
  const observation = new Map(observations.map((one) => [one.key, one]));
  const ships: Ship[] = rows(raw.ships).map((ship) => {
    const [load, derived] = loadOf(ship);
    const of = observation.get(`${ship.scene}@${ship.port}`) ?? null;
    return { ...ship, kind: "ship", load, derived, observation: of, visit: null };
  });
  ships.sort((a, b) => a.t - b.t);
  for (const one of ships) one.observation?.ships.push(one);
  const ship = new Map(ships.map((one) => [one.id, one]));
  const visits: Visit[] = raw.visits.map((row) => {
    const own = row.ships.map((id: string) => ship.get(id)).filter(Boolean) as Ship[];
    own.sort((a, b) => a.t - b.t);
    const candidates = row.candidates.map(([name, p]: [string, number]) => ({
      ...raw.register[name],
      name,
      p,
    }));
    const visit = { ...row, candidates, shipIds: row.ships, ships: own };
    for (const each of own) each.visit ??= visit;
    return visit;
  });
  visits.sort((a, b) => a.arrived_p50 - b.arrived_p50);
  const visit = new Map(visits.map((one) => [one.id, one]));
  return { ...raw, observations, ships, visits, ship, visit, observation };
}

let made = false;
/** Whether the scenes of this page are simulated; every picture, card and line of text says so. */
export const simulated = () => made;

let kept: Evidence | null = null;
/** Pictures and posteriors, parsed when they are first needed. */
export const evidence = (): Evidence => (kept ??= parsed("evidence"));
