// Decisions of an analyst. The latest decision on a detection holds, earlier ones stay as its history.
// They are kept in the browser, in a file to download, and, if the page is served, in the run's folder.
import { type Page, type Ring, type Ship, simulated } from "./data";
import { WORDS } from "./text";

/** How sure an analyst is of a type or a load: what the word weighs. */
export type Certainty = "sure" | "probable" | "possible";

export interface Decision {
  detection_id: string;
  visit_id: string | null;
  scene_id: string;
  decision: "accept" | "reject";
  type: string | null;
  load_state: string | null;
  certainty: Certainty;
  identity: string | null;
  note: string | null;
  reviewer: string | null;
  decided_at: string;
}
export interface Feature {
  type: "Feature";
  geometry: { type: "Polygon"; coordinates: Ring[] } | { type: "Point"; coordinates: number[] } | null;
  properties: Decision;
}
export type Decisions = Map<string, Decision>;
export const FILE = "review.geojson";

/** Features that are decisions; others are ignored. */
export function featuresOf(value: any): Feature[] {
  const features = Array.isArray(value?.features) ? value.features : [];
  return features.filter(
    (one: any) =>
      typeof one?.properties?.detection_id === "string" && ["accept", "reject"].includes(one.properties.decision) && when(one) > 0,
  );
}

const when = (feature: Feature) => Date.parse(feature.properties.decided_at) || 0;

/** All decisions, each once, by detection and then time: none is lost. */
export function merged(...parts: Iterable<Feature>[]): Feature[] {
  const kept = new Map<string, Feature>();
  for (const part of parts)
    for (const feature of part) {
      const key = `${feature.properties.detection_id} ${when(feature)}`;
      if (!kept.has(key)) kept.set(key, feature);
    }
  const id = (feature: Feature) => feature.properties.detection_id;
  return [...kept.values()].sort((a, b) => (id(a) < id(b) ? -1 : id(a) > id(b) ? 1 : when(a) - when(b)));
}

/** The decision that holds for each detection: the latest. */
export const holding = (history: Feature[]): Decisions =>
  new Map(history.map((feature) => [feature.properties.detection_id, feature.properties]));

const collection = (history: Feature[]) => ({ type: "FeatureCollection", features: history });

export function featureOf(ship: Ship, decision: Omit<Decision, "detection_id" | "scene_id" | "visit_id">): Feature {
  const { outline, lon, lat } = ship;
  return {
    type: "Feature",
    geometry: outline
      ? { type: "Polygon", coordinates: [[...outline, outline[0]!]] }
      : lon != null
        ? { type: "Point", coordinates: [lon, lat!] }
        : null,
    properties: { detection_id: ship.id, visit_id: ship.visit?.id ?? null, scene_id: ship.scene, ...decision },
  };
}

const key = (page: Page) => `gnomon.review.${page.run.name}`;
const token = () => document.querySelector<HTMLMetaElement>('meta[name="gnomon-served"]')?.content ?? null;
export const served = () => token() != null;

function stored(page: Page): Feature[] {
  try {
    return featuresOf(JSON.parse(localStorage.getItem(key(page)) ?? "null"));
  } catch {
    return []; // this browser keeps nothing for local files
  }
}

/** Decisions that the server put into the page. */
function embedded(): Feature[] {
  const block = document.getElementById("review");
  return block?.matches('script[type="application/json"]') ? featuresOf(JSON.parse(block.textContent!)) : [];
}

export const begun = (page: Page): Feature[] => merged(featuresOf(page.review), embedded(), stored(page));

/** Decisions about ships of the run, by where they are. */
export interface Whereabouts {
  /** The numbers of the page take account of them. */
  used: number;
  /** In the run's file alone. */
  filed: number;
  /** In this browser alone. */
  local: number;
}

export function whereabouts(page: Page, decisions: Decisions): Whereabouts {
  const made = holding(merged(featuresOf(page.review)));
  const file = served() ? decisions : holding(merged(featuresOf(page.review), embedded()));
  const same = (one: Decision, other: Decision | undefined) => other != null && Date.parse(one.decided_at) === Date.parse(other.decided_at);
  const reviewed = new Set(page.reviewed);
  const found = { used: 0, filed: 0, local: 0 };
  for (const [id, one] of decisions) {
    if (!page.ship.has(id)) continue;
    if (reviewed.has(id) && same(one, made.get(id))) found.used++;
    else if (same(one, file.get(id))) found.filed++;
    else found.local++;
  }
  return found;
}

/** "1 decision", "2 decisions" and the verb. */
const counted = (n: number, [one, many]: [string, string]) => `${n} decision${n === 1 ? ` ${one}` : `s ${many}`}`;

/** Decisions that the numbers take no account of, though they are in the run's file; null if there are none. */
export function pendingText(page: Page, decisions: Decisions): string | null {
  const { filed } = whereabouts(page, decisions);
  if (!filed || !page.answer.seasons.length) return null;
  return `${counted(filed, [`in ${FILE} is`, `in ${FILE} are`])} not yet in these numbers: run gnomon track again.`;
}

/** Where the decisions are and what they count for. */
export function whereText(page: Page, decisions: Decisions): string[] {
  const { used, filed, local } = whereabouts(page, decisions);
  const texts = [];
  if (used) texts.push(`${counted(used, ["is", "are"])} in the visits and barrels of this page.`);
  if (filed) texts.push(`${counted(filed, [`in ${FILE} is`, `in ${FILE} are`])} not yet in visits and barrels: run gnomon track again.`);
  if (local)
    texts.push(
      `${counted(local, ["stays", "stay"])} in this browser until you download ${local === 1 ? "it" : "them"}; to count in visits and barrels, ` +
        `${local === 1 ? "it" : "they"} must be in ${FILE} in the run's folder when gnomon track runs again.`,
    );
  if (served()) texts.push("Decisions are saved in the run's folder as you make them.");
  return texts;
}

/** Keep decisions in the browser, and on the server if there is one; returns the outcome as text. */
export async function keep(page: Page, history: Feature[]): Promise<string> {
  let local = "Kept in this browser. Download the file to take the decisions along.";
  try {
    localStorage.setItem(key(page), JSON.stringify(collection(history)));
  } catch {
    local = "This browser keeps nothing for local files: download the decisions before you close the page.";
  }
  if (!served()) return local;
  try {
    const answer = await fetch(FILE, {
      method: "POST",
      headers: { "Content-Type": "application/geo+json", "X-Gnomon-Token": token()! },
      body: JSON.stringify(collection(history)),
    });
    const reply = await answer.json();
    return answer.ok ? `Saved: ${reply.saved} decision${reply.saved === 1 ? "" : "s"} in ${reply.file}.` : `Not saved: ${reply.error}. ${local}`;
  } catch (error) {
    return `Not saved, the server does not answer. ${local}`;
  }
}

/** Name of the file to download; that of a simulated run cannot be taken for a real one. */
export const fileName = () => (simulated() ? FILE.replace(".", `-${WORDS.simulated}.`) : FILE);

export function download(page: Page, history: Feature[]) {
  const about = { name: page.run.name, ...(simulated() ? { simulated: true } : {}) };
  const blob = new Blob([JSON.stringify({ ...about, ...collection(history) }, null, 1)], { type: "application/geo+json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
