// What every map has beside its ships: graticule, north arrow, scale bar, credit and labels, as SVG.
import type { Projection } from "d3-geo";
import { type Box, FONT_PX, type Placed, ROOM_PX, textWidth } from "./labels";

const SVG = "http://www.w3.org/2000/svg";
const DEGREES = [5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const METRES = [20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50];
/** Radius of the sphere of Web Mercator maps, metres. */
const EARTH_M = 6371008.8;
const GRID_LINES = 3;

export function element(name: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text != null) made.textContent = text;
  return made;
}

const degrees = (value: number, step: number, sides: [string, string]) =>
  `${Math.abs(value).toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))}° ${value < 0 ? sides[1] : sides[0]}`;

interface Line {
  at: number;
  text: string;
}
/** Round meridians or parallels between two ends, at least `GRID_LINES` if there are steps fine enough. */
function linesBetween(low: number, high: number, sides: [string, string]): Line[] {
  const count = (step: number) => Math.floor(high / step) - Math.ceil(low / step) + 1;
  const step = DEGREES.find((one) => count(one) >= GRID_LINES) ?? DEGREES[DEGREES.length - 1]!;
  return Array.from({ length: count(step) }, (_, k) => (Math.ceil(low / step) + k) * step).map((at) => ({ at, text: degrees(at, step, sides) }));
}

/** The longest round length that fits a quarter of the width, and its pixels. */
function scaleOf(projection: Projection, width: number, height: number): { metres: number; pixels: number } {
  const [west, lat] = projection.invert([0, height / 2]), [east] = projection.invert([width, height / 2]);
  const across = ((east - west) * Math.PI * EARTH_M * Math.cos((lat * Math.PI) / 180)) / 180;
  const metres = METRES.find((one) => one <= across / 4) ?? METRES[METRES.length - 1]!;
  return { metres, pixels: (metres / across) * width };
}

export interface Furniture {
  node: SVGElement;
  /** Where no other label may lie. */
  taken: Box[];
}

/** Graticule with degrees on two edges, north arrow and scale bar. */
export function furniture(projection: Projection, width: number, height: number): Furniture {
  const node = element("g", { class: "furniture", "text-anchor": "start" });
  const taken: Box[] = [];
  const text = (words: string, x: number, y: number, box: Box) => {
    if (taken.some((one) => one.x < box.x + box.width && box.x < one.x + one.width && one.y < box.y + box.height && box.y < one.y + one.height)) return;
    taken.push(box);
    node.append(element("text", { x, y, class: "degrees" }, words));
  };
  const arrow = { x: width - 34, y: 6, width: 28, height: 44 };
  const { metres, pixels } = scaleOf(projection, width, height);
  const bar = { x: width - pixels - 14, y: height - 34 - ROOM_PX, width: pixels + 12, height: 32 };
  taken.push(arrow, bar);
  const [west, north] = projection.invert([0, 0]), [east, south] = projection.invert([width, height]);
  for (const { at, text: words } of linesBetween(west, east, ["E", "W"])) {
    const x = projection([at, north])![0], size = textWidth(words);
    node.append(element("line", { x1: x, x2: x, y1: 0, y2: height, class: "grid" }));
    if (x + size + 3 < width) text(words, x + 3, height - 5, { x, y: height - ROOM_PX, width: size, height: ROOM_PX });
  }
  for (const { at, text: words } of linesBetween(south, north, ["N", "S"])) {
    const y = projection([west, at])![1];
    node.append(element("line", { x1: 0, x2: width, y1: y, y2: y, class: "grid" }));
    if (y > ROOM_PX && y < height - ROOM_PX) text(words, 4, y - 4, { x: 0, y: y - ROOM_PX, width: textWidth(words), height: ROOM_PX });
  }
  node.append(
    element("path", { d: `M${arrow.x + 14} ${arrow.y + 2} l8 26 l-8 -6 l-8 6 z`, class: "north" }),
    element("text", { x: arrow.x + 14, y: arrow.y + 42, "text-anchor": "middle", class: "degrees" }, "N"),
    element("path", { d: `M${bar.x + 6} ${bar.y + 22} v5 h${pixels} v-5`, class: "bar" }),
    element("text", { x: bar.x + 6 + pixels / 2, y: bar.y + 17, "text-anchor": "middle", class: "degrees" }, metres >= 1000 ? `${metres / 1000} km` : `${metres} m`),
  );
  return { node, taken };
}

/** Labels at their places. */
export function labelled(labels: Placed[]): SVGElement {
  const node = element("g", { class: "names" });
  for (const one of labels)
    node.append(element("text", { x: one.x + 3, y: one.y + ROOM_PX - 5, "font-size": FONT_PX }, one.text));
  return node;
}
