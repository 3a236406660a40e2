// One strip of the timeline, drawn by Observable Plot; a filter hides marks and draws nothing anew.
import * as Plot from "@observablehq/plot";
import { useLayoutEffect, useRef } from "preact/hooks";
import { LOADS, type Observation, type Ship } from "./data";
import type { Filter } from "./filter";
import { useTurn } from "./later";
import { begins, ends, type Lane, type Placed, TICK } from "./lanes";
import { shows, type Span, SYMBOLS, type Thing } from "./things";
import { tradeOf } from "./words";

export interface Spot {
  node: SVGElement;
  thing: Thing;
  lane: string;
  y: number;
}
export type Spots = Map<string, Spot[]>;

const SKIES = ["clear", "cloudy", "failed"] as const;
const TRADE = { loaded: "var(--laden)", unloaded: "var(--ballast)", open: "var(--open)" };
export const date = (t: number) => new Date(t * 1000);
export const ticksOf = (width: number) => Math.max(3, Math.round(width / 95));

/** What of a lane lies in a span: lists in the order of the marks that show them. */
function partsOf(lane: Lane, span: Span, perPixel: number): Placed<Thing>[][] {
  const within = (one: Placed<Observation | Ship>) => one.of.t! + one.dx * perPixel >= span[0] && one.of.t! <= span[1];
  const observations = lane.observations.filter(within), ships = lane.ships.filter(within);
  const visits = lane.visits.filter((one) => ends(one.of) >= span[0] && begins(one.of) <= span[1]);
  return [
    ...SKIES.map((sky) => observations.filter((one) => one.of.sky === sky)),
    visits, visits,
    ...LOADS.map((load) => ships.filter((one) => one.of.load === load)),
  ];
}

function draw(lane: Lane, parts: Placed<any>[][], span: Span, width: number): Element {
  const perPixel = (span[1] - span[0]) / width;
  const at = (one: Placed<Observation | Ship>) => date(one.of.t! + one.dx * perPixel);
  const clip = (t: number) => date(Math.min(Math.max(t, span[0]), span[1]));
  const colour = (one: any) => TRADE[tradeOf(one.of)];
  const marks: any[] = [
    Plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: ticksOf(width) }),
    lane.collection ? Plot.ruleY([lane.base], { stroke: "var(--line)" }) : null,
    Plot.ruleX(parts[0]!, { className: "part0", x: at, y1: "y", y2: (one: any) => one.y + 4 + (TICK - 4) * one.of.seen, stroke: "var(--observation)", strokeWidth: 2 } as any),
    Plot.ruleX(parts[1]!, { className: "part1", x: at, y1: "y", y2: (one: any) => one.y + 5, stroke: "var(--cloud)", strokeWidth: 2 } as any),
    Plot.dot(parts[2]!, { className: "part2", x: at, y: (one: any) => one.y + 7, symbol: "times", r: 4, stroke: "var(--bad)", strokeWidth: 2 }),
    Plot.ruleY(parts[3]!, { className: "part3", y: "y", x1: (one: any) => clip(begins(one.of)), x2: (one: any) => clip(ends(one.of)), stroke: colour, strokeWidth: 2 }),
    Plot.ruleY(parts[4]!, { className: "part4", y: "y", x1: (one: any) => clip(one.of.arrived_p50), x2: (one: any) => clip(one.of.departed_p50), stroke: colour, strokeWidth: 8 }),
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
    height: lane.height,
    margin: 0,
    style: { background: "none", overflow: "hidden" },
    x: { type: "utc", domain: span.map(date), axis: null },
    y: { axis: null, domain: [lane.height, 0] },
    r: { type: "identity" },
    marks,
  });
  // The strip's words are said by the live text below it, one mark at a time.
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/** Hide what a filter leaves out: whole marks where one word decides, else one by one. */
function applied(svg: Element, spots: Spot[], filter: Filter) {
  const group = (k: number, on: boolean) => {
    const node = svg.querySelector<SVGElement>(`g.part${k}`);
    if (node) node.style.display = on ? "" : "none";
  };
  SKIES.forEach((sky, k) => group(k, filter.skies.has(sky) && !filter.vessel));
  LOADS.forEach((load, k) => group(5 + k, filter.loads.has(load)));
  for (const { node, thing } of spots) {
    if ("kind" in thing && (thing.kind === "observation" || !filter.vessel)) {
      if (node.style.display) node.style.display = "";
      continue;
    }
    const display = shows(filter, thing) ? "" : "none";
    if (node.style.display !== display) node.style.display = display;
  }
}

export function Strip(props: { lane: Lane; span: Span; width: number; hidden: boolean; filter: Filter; spots: Spots }) {
  const { lane, span, width, hidden, filter, spots } = props;
  const place = useRef<HTMLDivElement>(null);
  const svg = useRef<Element | null>(null);
  const turn = useTurn();
  useLayoutEffect(() => {
    if (!turn || !width || hidden) {
      spots.delete(lane.id);
      return;
    }
    const parts = partsOf(lane, span, (span[1] - span[0]) / width);
    const drawn = draw(lane, parts, span, width);
    // Plot keeps at each node which row of its mark's data it shows.
    const own = parts.flatMap((part, k) =>
      [...drawn.querySelectorAll<SVGElement>(`g.part${k} > *`)].map((node): Spot => {
        const placed = part[(node as any).__data__ as number]!;
        return { node, thing: placed.of, lane: lane.id, y: placed.y };
      }),
    );
    for (const spot of own) (spot.node as any).spot = spot;
    spots.set(lane.id, own);
    svg.current = drawn;
    applied(drawn, own, filter);
    place.current!.replaceChildren(drawn);
  }, [lane, span[0], span[1], width, hidden, turn]);
  useLayoutEffect(() => {
    if (svg.current && !hidden && spots.has(lane.id)) applied(svg.current, spots.get(lane.id) ?? [], filter);
  }, [filter]);
  return <div class="plot" ref={place} style={{ minHeight: `${lane.height}px` }} />;
}
