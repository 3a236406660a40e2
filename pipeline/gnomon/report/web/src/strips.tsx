// One track of the timeline, drawn by Observable Plot; a filter hides marks without drawing again.
import * as Plot from "@observablehq/plot";
import { useLayoutEffect, useRef } from "preact/hooks";
import { LOADS, type Observation, type Ship, type Visit } from "./data";
import type { Filter } from "./filter";
import { useTurn } from "./deferred";
import { begins, ends, type Track, type Placed, TICK } from "./tracks";
import { shows, type Span, SYMBOLS, type Item } from "./items";
import { type Piece, pieces } from "./own";

export interface Spot {
  node: SVGElement;
  item: Item;
  track: string;
  y: number;
}
export type Spots = Map<string, Spot[]>;

const SKIES = ["clear", "cloudy", "failed"] as const;
/** A bar of one image is at least twice as long, pixels. */
const BAR = 4;
export const date = (t: number) => new Date(t * 1000);
export const ticksOf = (width: number) => Math.max(3, Math.round(width / 95));

/** What the own images of visits show: bars from the first to the last image of each. */
const barsOf = (visits: Placed<Visit>[], perPixel: number): (Placed<Visit> & Piece)[] =>
  visits.flatMap((one) =>
    pieces(one.of).map((piece, k, all) => ({
      ...one,
      ...piece,
      from: piece.from - (k ? 0 : BAR * perPixel),
      to: piece.to + (k < all.length - 1 ? 0 : BAR * perPixel),
    })),
  );

/** Items of a track within a span, as lists in the order of the marks that show them. */
function partsOf(track: Track, span: Span, perPixel: number): Placed<Item>[][] {
  const within = (one: Placed<Observation | Ship>) => one.of.t! + one.dx * perPixel >= span[0] && one.of.t! <= span[1];
  const observations = track.observations.filter(within), ships = track.ships.filter(within);
  const visits = track.visits.filter((one) => ends(one.of) >= span[0] && begins(one.of) <= span[1]);
  return [
    ...SKIES.map((sky) => observations.filter((one) => one.of.sky === sky)),
    visits, barsOf(visits, perPixel),
    ...LOADS.map((load) => ships.filter((one) => one.of.load === load)),
  ];
}

function draw(track: Track, parts: Placed<any>[][], span: Span, width: number): Element {
  const perPixel = (span[1] - span[0]) / width;
  const at = (one: Placed<Observation | Ship>) => date(one.of.t! + one.dx * perPixel);
  const clip = (t: number) => date(Math.min(Math.max(t, span[0]), span[1]));
  const marks: any[] = [
    Plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: ticksOf(width) }),
    track.collection ? Plot.ruleY([track.base], { stroke: "var(--line)" }) : null,
    Plot.ruleX(parts[0]!, { className: "part0", x: at, y1: "y", y2: (one: any) => one.y + 4 + (TICK - 4) * one.of.seen, stroke: "var(--observation)", strokeWidth: 2 } as any),
    Plot.ruleX(parts[1]!, { className: "part1", x: at, y1: "y", y2: (one: any) => one.y + 5, stroke: "var(--cloud)", strokeWidth: 2 } as any),
    Plot.dot(parts[2]!, { className: "part2", x: at, y: (one: any) => one.y + 7, symbol: "times", r: 4, stroke: "var(--bad)", strokeWidth: 2 }),
    Plot.ruleY(parts[3]!, { className: "part3", y: "y", x1: (one: any) => clip(begins(one.of)), x2: (one: any) => clip(ends(one.of)), stroke: "var(--supposed)", strokeWidth: 2, strokeDasharray: "4,3" }),
    Plot.ruleY(parts[4]!, { className: "part4", y: "y", x1: (one: any) => clip(one.from), x2: (one: any) => clip(one.to), stroke: (one: any) => `var(--${one.load})`, strokeWidth: 8 }),
    ...LOADS.map((load, k) =>
      Plot.dot(parts[5 + k]!, {
        className: `part${5 + k}`, x: at, y: "y", symbol: SYMBOLS[load] as any,
        r: (one: any) => (one.of.visit ? 4.2 : 2.6) * (load === "ballast" ? 1.15 : 1),
        fill: load === "unread" ? "var(--paper)" : `var(--${load})`, stroke: `var(--${load})`, strokeWidth: 1.2,
      }),
    ),
  ];
  const svg = Plot.plot({
    width,
    height: track.height,
    margin: 0,
    style: { background: "none", overflow: "hidden" },
    x: { type: "utc", domain: span.map(date), axis: null },
    y: { axis: null, domain: [track.height, 0] },
    r: { type: "identity" },
    marks,
  });
  // The live text below the timeline describes one mark at a time.
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/** Hide what a filter leaves out: whole groups of marks if possible, else one by one. */
function applied(svg: Element, spots: Spot[], filter: Filter) {
  const group = (k: number, on: boolean) => {
    const node = svg.querySelector<SVGElement>(`g.part${k}`);
    if (node) node.style.display = on ? "" : "none";
  };
  SKIES.forEach((sky, k) => group(k, filter.skies.has(sky) && !filter.vessel));
  LOADS.forEach((load, k) => group(5 + k, filter.loads.has(load)));
  for (const { node, item } of spots) {
    if ("kind" in item && (item.kind === "observation" || !filter.vessel)) {
      if (node.style.display) node.style.display = "";
      continue;
    }
    const display = shows(filter, item) ? "" : "none";
    if (node.style.display !== display) node.style.display = display;
  }
}

export function Strip(props: { track: Track; span: Span; width: number; hidden: boolean; filter: Filter; spots: Spots }) {
  const { track, span, width, hidden, filter, spots } = props;
  const place = useRef<HTMLDivElement>(null);
  const svg = useRef<Element | null>(null);
  const turn = useTurn();
  useLayoutEffect(() => {
    if (!turn || !width || hidden) {
      spots.delete(track.id);
      return;
    }
    const parts = partsOf(track, span, (span[1] - span[0]) / width);
    const drawn = draw(track, parts, span, width);
    // Plot keeps at each node the index of its row in the mark's data.
    const own = parts.flatMap((part, k) =>
      [...drawn.querySelectorAll<SVGElement>(`g.part${k} > *`)].map((node): Spot => {
        const placed = part[(node as any).__data__ as number]!;
        return { node, item: placed.of, track: track.id, y: placed.y };
      }),
    );
    for (const spot of own) (spot.node as any).spot = spot;
    spots.set(track.id, own);
    svg.current = drawn;
    applied(drawn, own, filter);
    place.current!.replaceChildren(drawn);
  }, [track, span[0], span[1], width, hidden, turn]);
  useLayoutEffect(() => {
    if (svg.current && !hidden && spots.has(track.id)) applied(svg.current, spots.get(track.id) ?? [], filter);
  }, [filter]);
  return <div class="plot" ref={place} style={{ minHeight: `${track.height}px` }} />;
}
