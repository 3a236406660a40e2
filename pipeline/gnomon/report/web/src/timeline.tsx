// Every look of every port over time: what was seen, what hid it, and the ships in it.
import * as Plot from "@observablehq/plot";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LOADS, type Load, type Look, type Page, type Ship, type Visit } from "./data";
import { Figure, type Drawn } from "./figure";
import { type Filter, Opened, showsLook, showsShip, showsVisit } from "./filter";
import { begins, ends, lanes, type Lanes, type Placed, TICK } from "./lanes";
import { collectionWords, day, lookWords, portWords, shipWords, tradeOf, tradeWords } from "./words";

export type Span = [number, number];
export type Thing = Look | Ship | Visit;
export const SYMBOLS: Record<Load, string> = {
  laden: "circle",
  ballast: "triangle",
  indeterminate: "diamond",
  unread: "square",
};
const TRADE = { loaded: "var(--laden)", unloaded: "var(--ballast)", open: "var(--open)" };
const isVisit = (thing: Thing): thing is Visit => !("kind" in thing);
export const addressOf = (thing: Thing): string =>
  isVisit(thing) ? `visit-${thing.id}` : thing.kind === "look" ? `look-${thing.key}` : `ship-${thing.id}`;
export const thingWords = (thing: Thing): string =>
  isVisit(thing)
    ? `Visit at ${portWords(thing.port)}, ${day(thing.arrived_p50)} to ${day(thing.departed_p50)}: ${tradeWords(thing)}`
    : thing.kind === "look"
      ? lookWords(thing)
      : shipWords(thing);
const shows = (filter: Filter, thing: Thing) =>
  isVisit(thing) ? showsVisit(filter, thing) : thing.kind === "look" ? showsLook(filter, thing) : showsShip(filter, thing);
const timeOf = (thing: Thing): number => (isVisit(thing) ? thing.arrived_p50 : thing.t!);

export function wholeSpan(page: Page): Span {
  const times = [...page.looks.map((look) => look.t), ...page.ships.map((ship) => ship.t)].filter((t) => t != null);
  if (!times.length) return [Date.UTC(2024, 0, 1) / 1000, Date.UTC(2025, 0, 1) / 1000];
  const low = times.reduce((a, b) => Math.min(a, b)), high = times.reduce((a, b) => Math.max(a, b));
  const room = Math.max((high - low) * 0.015, 43200);
  return [low - room, high + room];
}

const date = (t: number) => new Date(t * 1000);

/** What of the lanes lies in a span of time, and how many seconds a pixel is there. */
function inView(made: Lanes, span: Span, width: number) {
  const narrow = width < 640;
  const marginLeft = narrow ? 4 : 138, marginRight = 12;
  const perPixel = (span[1] - span[0]) / (width - marginLeft - marginRight);
  const within = (one: Placed<Look | Ship>) => one.of.t! + one.dx * perPixel >= span[0] && one.of.t! <= span[1];
  const looks = made.looks.filter(within), ships = made.ships.filter(within);
  return {
    narrow, marginLeft, marginRight, perPixel,
    skies: SKIES.map((sky) => looks.filter((one) => one.of.sky === sky)),
    visits: made.visits.filter((one) => ends(one.of) >= span[0] && begins(one.of) <= span[1]),
    loads: LOADS.map((load) => ships.filter((one) => one.of.load === load)),
  };
}
const SKIES = ["clear", "cloudy", "failed"] as const;

function draw(made: Lanes, span: Span, width: number): Drawn {
  const { narrow, marginLeft, marginRight, perPixel, skies, visits, loads } = inView(made, span, width);
  const at = (one: Placed<Look | Ship>) => date(one.of.t! + one.dx * perPixel);
  const clip = (t: number) => date(Math.min(Math.max(t, span[0]), span[1]));
  const label = { textAnchor: "start", frameAnchor: "left", dx: narrow ? 2 : 4 - marginLeft, y: "y" } as const;
  return Plot.plot({
    width,
    height: made.height + 58,
    marginLeft, marginRight, marginTop: 26, marginBottom: 32,
    style: { fontSize: "12px", background: "none", overflow: "visible" },
    x: { type: "utc", domain: span.map(date), label: null },
    y: { axis: null, domain: [made.height, 0] },
    marks: [
      Plot.axisX({ anchor: "top", tickSize: 0, ticks: Math.max(3, Math.round(width / 95)) }),
      Plot.axisX({ anchor: "bottom", tickSize: 0, ticks: Math.max(3, Math.round(width / 95)) }),
      Plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: Math.max(3, Math.round(width / 95)) }),
      Plot.ruleY(made.rows, { y: "base", stroke: "var(--line)" }),
      Plot.text(made.ports, { ...label, text: (port: any) => portWords(port.name), fontSize: 15, fontWeight: 700, fill: "var(--ink)" }),
      Plot.text(made.rows, { ...label, y: "base", dy: narrow ? 8 : 2, text: (row: any) => collectionWords(row.collection), fill: "var(--soft)" }),
      Plot.ruleX(skies[0]!, { className: "part0 looks", x: at, y1: "y", y2: (one: any) => one.y + 4 + (TICK - 4) * one.of.seen, stroke: "var(--look)", strokeWidth: 2 } as any),
      Plot.ruleX(skies[1]!, { className: "part1 looks", x: at, y1: "y", y2: (one: any) => one.y + 4, stroke: "var(--cloud)", strokeWidth: 2 } as any),
      Plot.dot(skies[2]!, { className: "part2 looks", x: at, y: (one: any) => one.y + 7, symbol: "times", r: 4, stroke: "var(--bad)", strokeWidth: 2 }),
      Plot.ruleY(visits, { className: "part3 visits", y: "y", x1: (one: any) => clip(begins(one.of)), x2: (one: any) => clip(ends(one.of)), stroke: (one: any) => TRADE[tradeOf(one.of)], strokeWidth: 2 }),
      Plot.ruleY(visits, { className: "part4 visits", y: "y", x1: (one: any) => clip(one.of.arrived_p50), x2: (one: any) => clip(one.of.departed_p50), stroke: (one: any) => TRADE[tradeOf(one.of)], strokeWidth: 8 }),
      ...LOADS.map((load, k) =>
        Plot.dot(loads[k]!, {
          className: `part${5 + k} ships`, x: at, y: "y", r: load === "ballast" ? 3.6 : 3.2, symbol: SYMBOLS[load] as any,
          fill: load === "unread" ? "var(--paper)" : `var(--${load})`, stroke: `var(--${load})`, strokeWidth: 1.2,
        }),
      ),
    ],
  } as Plot.PlotOptions) as Drawn;
}

interface Spot {
  node: SVGElement;
  thing: Thing;
  y: number;
}

/** What is drawn, with what it stands for. Plot keeps each mark's data at its nodes as an index. */
function spotsOf(drawn: Drawn, made: Lanes, span: Span, width: number): Spot[] {
  const { skies, visits, loads } = inView(made, span, width);
  const lists: Placed<Thing>[][] = [...skies, visits, visits, ...loads];
  return lists.flatMap((list, k) =>
    [...drawn.querySelectorAll<SVGElement>(`g.part${k} > *`)].map((node) => {
      const placed = list[(node as any).__data__ as number]!;
      return { node, thing: placed.of, y: placed.y };
    }),
  );
}

export function Timeline(props: { page: Page; filter: Filter; span: Span; zoom: (span: Span) => void }) {
  const { page, filter, span, zoom } = props;
  const open = useContext(Opened);
  const made = useMemo(() => lanes(page, filter), [page, filter.ports, filter.collections]);
  const spots = useRef<Spot[]>([]);
  const byNode = useRef(new Map<Element, Spot>());
  const figure = useRef<any>(null);
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<Spot | null>(null);
  const [tip, setTip] = useState<{ x: number; y: number; text: string } | null>(null);

  const apply = () => {
    for (const spot of spots.current) {
      const display = shows(filter, spot.thing) ? "" : "none";
      if (spot.node.style.display !== display) spot.node.style.display = display;
    }
  };
  useEffect(apply, [filter]);
  const drawn = (svg: Drawn) => {
    figure.current = svg;
    spots.current = spotsOf(svg, made, span, svg.clientWidth || Number(svg.getAttribute("width")));
    byNode.current = new Map(spots.current.map((spot) => [spot.node, spot]));
    setAt(null);
    apply();
  };
  const invert = (clientX: number): number => {
    const left = figure.current.getBoundingClientRect().left;
    return figure.current.scale("x").invert(clientX - left).getTime() / 1000;
  };
  const { band, ...pointed } = usePointing({ box, byNode, invert, zoom, open, setTip, span });
  const keys = useKeys({ spots, at, setAt, open, zoom, span, whole: wholeSpan(page), shown: (thing: Thing) => shows(filter, thing) });

  return (
    <div class="timeline" ref={box}>
      <div
        class="strip"
        role="application"
        tabIndex={0}
        aria-label="Timeline of looks, ships and visits. Left and right: one after the other; up and down: other rows; Enter: open; plus, minus, zero: zoom."
        {...pointed}
        onKeyDown={keys}
      >
        <Figure draw={(width) => draw(made, span, width)} on={[made, span[0], span[1]]} onDrawn={drawn} />
      </div>
      {band && <div class="band" style={{ left: `${Math.min(...band)}px`, width: `${Math.abs(band[1] - band[0])}px` }} />}
      {at && <Ring spot={at} box={box.current!} />}
      {tip && (
        <div class="tip" style={{ left: `${tip.x}px`, top: `${tip.y}px` }}>
          {tip.text}
        </div>
      )}
      <p class="said" aria-live="polite">
        {at ? thingWords(at.thing) : " "}
      </p>
    </div>
  );
}

function Ring({ spot, box }: { spot: Spot; box: HTMLElement }) {
  const outer = box.getBoundingClientRect(), inner = spot.node.getBoundingClientRect();
  const size = Math.max(inner.width, inner.height, 8) + 8;
  const left = inner.left + inner.width / 2 - outer.left, top = inner.top + inner.height / 2 - outer.top;
  const wide = Math.max(inner.width + 8, 14), high = Math.max(inner.height + 8, 14);
  return (
    <div
      class="ring"
      data-size={size}
      style={{ left: `${left - wide / 2}px`, top: `${top - high / 2}px`, width: `${wide}px`, height: `${high}px` }}
    />
  );
}

function usePointing(with_: any) {
  const { box, byNode, invert, zoom, open, setTip, span } = with_;
  const from = useRef<number | null>(null);
  const [band, setBand] = useState<[number, number] | null>(null);
  // Marks are small: what lies nearest within a finger's or a pointer's reach counts as hit.
  const found = (event: PointerEvent | MouseEvent): Spot | null => {
    const hit = byNode.current.get(event.target as Element);
    if (hit) return hit;
    const reach = (event as PointerEvent).pointerType === "touch" ? 16 : 6;
    const near = document
      .elementsFromPoint(event.clientX, event.clientY)
      .some((node) => node === box.current);
    if (!near) return null;
    for (let r = 2; r <= reach; r += 2)
      for (let k = 0; k < 8; k += 1) {
        const [x, y] = [event.clientX + r * Math.cos((k * Math.PI) / 4), event.clientY + r * Math.sin((k * Math.PI) / 4)];
        const spot = byNode.current.get(document.elementFromPoint(x, y) as Element);
        if (spot) return spot;
      }
    return null;
  };
  const x = (event: PointerEvent) => event.clientX - box.current.getBoundingClientRect().left;
  useEffect(() => {
    const place = box.current as HTMLElement;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(scaled(span, event.deltaY < 0 ? 0.8 : 1.25, invert(event.clientX)));
    };
    place.addEventListener("wheel", wheel, { passive: false });
    return () => place.removeEventListener("wheel", wheel);
  });
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button === 0 && event.pointerType === "mouse" && !found(event)) from.current = x(event);
    },
    onPointerMove: (event: PointerEvent) => {
      if (from.current != null) return setBand([from.current, x(event)]);
      const spot = found(event);
      const outer = box.current.getBoundingClientRect();
      setTip(
        spot && event.pointerType === "mouse"
          ? { x: Math.min(event.clientX - outer.left, outer.width - 250), y: event.clientY - outer.top + 16, text: thingWords(spot.thing) }
          : null,
      );
    },
    onPointerUp: (event: PointerEvent) => {
      const start = from.current;
      from.current = null;
      setBand(null);
      if (start == null || Math.abs(x(event) - start) < 6) return;
      const left = box.current.getBoundingClientRect().left;
      const ends_ = [invert(start + left), invert(event.clientX)].sort((a, b) => a - b);
      zoom([ends_[0], Math.max(ends_[1]!, ends_[0]! + 7200)]);
    },
    onPointerLeave: () => setTip(null),
    onClick: (event: MouseEvent) => {
      const spot = found(event);
      if (spot) open(addressOf(spot.thing));
    },
    band,
  };
}

export function scaled(span: Span, factor: number, about = (span[0] + span[1]) / 2): Span {
  return [about - (about - span[0]) * factor, about + (span[1] - about) * factor];
}

function useKeys(with_: any) {
  const { spots, at, setAt, open, zoom, span, whole, shown } = with_;
  const ordered = (): Spot[] =>
    (spots.current as Spot[])
      .filter((spot, k, all) => shown(spot.thing) && all.findIndex((other) => other.thing === spot.thing) === k)
      .sort((a, b) => timeOf(a.thing) - timeOf(b.thing));
  const moved = (key: string): Spot | null => {
    const all = ordered();
    if (!at || !all.includes(at)) return all[0] ?? null;
    const row = all.filter((spot) => Math.abs(spot.y - at.y) < 0.5);
    if (key === "ArrowRight") return row[row.indexOf(at) + 1] ?? at;
    if (key === "ArrowLeft") return row[row.indexOf(at) - 1] ?? at;
    const beyond = all.filter((spot) => (key === "ArrowDown" ? spot.y > at.y + 0.5 : spot.y < at.y - 0.5));
    const cost = (spot: Spot) => Math.abs(spot.y - at.y) * 1e9 + Math.abs(timeOf(spot.thing) - timeOf(at.thing));
    return beyond.reduce((best: Spot, spot) => (cost(spot) < cost(best) ? spot : best), beyond[0] ?? at);
  };
  return (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) setAt(moved(event.key));
    else if (event.key === "Enter" && at) open(addressOf(at.thing));
    else if (event.key === "+" || event.key === "=") zoom(scaled(span, 0.6, at ? timeOf(at.thing) : undefined));
    else if (event.key === "-") zoom(scaled(span, 1 / 0.6));
    else if (event.key === "0") zoom(whole);
    else return;
    event.preventDefault();
  };
}
