// Every image of every port over time: how much was visible, and the ships in it.
import * as Plot from "@observablehq/plot";
import { useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Page, simulated } from "./data";
import { type Filter, Opened } from "./filter";
import { tracksOf } from "./tracks";
import { date, type Spot, type Spots, Strip, ticksOf } from "./strips";
import { addressOf, scaled, shows, type Span, itemText, timeOf, wholeSpan } from "./items";
import { collectionText, portText, WORDS } from "./text";

function Axis({ span, width, anchor }: { span: Span; width: number; anchor: "top" | "bottom" }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!width) return;
    const axis = Plot.plot({
      width,
      height: 34,
      marginLeft: 0, marginRight: 0,
      marginTop: anchor === "top" ? 33 : 1,
      marginBottom: anchor === "top" ? 1 : 33,
      style: { fontSize: "12px", background: "none", overflow: "visible" },
      x: { type: "utc", domain: span.map(date) },
      marks: [Plot.axisX({ anchor, tickSize: 0, ticks: ticksOf(width), label: null })],
    });
    place.current!.replaceChildren(axis);
  }, [span[0], span[1], width]);
  return <div class="plot" ref={place} aria-hidden="true" />;
}

export function Timeline(props: { page: Page; filter: Filter; span: Span; zoom: (span: Span) => void }) {
  const { page, filter, span, zoom } = props;
  const open = useContext(Opened);
  const tracks = useMemo(() => tracksOf(page), [page]);
  const spots = useRef<Spots>(new Map()).current;
  const box = useRef<HTMLDivElement>(null);
  const ruler = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<Spot | null>(null);
  const [tip, setTip] = useState<{ x: number; y: number; text: string } | null>(null);
  useLayoutEffect(() => {
    const measure = () => setWidth(Math.floor(ruler.current!.clientWidth));
    const watch = new ResizeObserver(measure);
    measure();
    watch.observe(ruler.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => setAt(null), [filter, span[0], span[1]]);
  const { band, ...pointed } = usePointing({ box, ruler, zoom, open, setTip, span });
  const order = useMemo(() => [...tracks.values()].flat().map((track) => track.id), [tracks]);
  const keys = useKeys({ spots, tracks: order, at, setAt, open, zoom, span, page, filter });
  return (
    <div class="timeline" ref={box}>
      <div
        class="strip"
        role="application"
        tabIndex={0}
        aria-label={`${simulated() ? `${WORDS.simulated} ` : ""}Timeline of images, ships and visits. Solid bars: what the own images of a visit show; dashed lines: supposed. Left and right: previous and next; up and down: other rows; Enter: open; plus, minus, zero: zoom.`}
        {...pointed}
        onKeyDown={keys}
      >
        <div class="track axis">
          <span />
          <div ref={ruler}>
            <Axis span={span} width={width} anchor="top" />
          </div>
        </div>
        {[...tracks].map(([port, own]) => (
          <div class="port" key={port} hidden={!filter.ports.has(port)}>
            <h3>
              {portText(port)} {simulated() && <span class="tag">{WORDS.simulated}</span>}
            </h3>
            {own.map((track) => {
              const hidden = track.collection != null && !filter.collections.has(track.collection);
              return (
                <div class="track" key={track.id} hidden={hidden}>
                  <span>{track.collection ? collectionText(track.collection) : "visits"}</span>
                  <Strip track={track} span={span} width={width} hidden={hidden} filter={filter} spots={spots} />
                </div>
              );
            })}
          </div>
        ))}
        <div class="track axis">
          <span />
          <Axis span={span} width={width} anchor="bottom" />
        </div>
      </div>
      {band && <div class="band" style={{ left: `${Math.min(...band)}px`, width: `${Math.abs(band[1] - band[0])}px` }} />}
      {at && <Ring spot={at} box={box.current!} />}
      {tip && (
        <div class="tip" style={{ left: `${tip.x}px`, top: `${tip.y}px` }}>
          {tip.text}
        </div>
      )}
      <p class="status" aria-live="polite">
        {at ? itemText(at.item) : " "}
      </p>
    </div>
  );
}

function Ring({ spot, box }: { spot: Spot; box: HTMLElement }) {
  const outer = box.getBoundingClientRect(), inner = spot.node.getBoundingClientRect();
  const width = Math.max(inner.width + 8, 14), height = Math.max(inner.height + 8, 14);
  const left = inner.left + inner.width / 2 - outer.left - width / 2;
  const top = inner.top + inner.height / 2 - outer.top - height / 2;
  return <div class="ring" style={{ left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` }} />;
}

const spotAt = (node: Element | null): Spot | null => (node as any)?.spot ?? null;

/** The mark under the pointer, or the nearest one within its reach, for marks are small. */
function nearest(event: MouseEvent): Spot | null {
  const hit = spotAt(event.target as Element);
  if (hit) return hit;
  const reach = (event as PointerEvent).pointerType === "touch" ? 16 : 6;
  for (let r = 2; r <= reach; r += 2)
    for (let turn = 0; turn < 2 * Math.PI; turn += Math.PI / 4) {
      const spot = spotAt(document.elementFromPoint(event.clientX + r * Math.cos(turn), event.clientY + r * Math.sin(turn)));
      if (spot) return spot;
    }
  return null;
}

interface Pointing {
  box: { current: HTMLDivElement | null };
  ruler: { current: HTMLDivElement | null };
  zoom: (span: Span) => void;
  open: (address: string) => void;
  setTip: (tip: { x: number; y: number; text: string } | null) => void;
  span: Span;
}

/** Drag or Ctrl and wheel to zoom, hover to read, click to open. */
function usePointing({ box, ruler, zoom, open, setTip, span }: Pointing) {
  const from = useRef<number | null>(null);
  const dragged = useRef(false);
  const [band, setBand] = useState<[number, number] | null>(null);
  const moment = (clientX: number) => {
    const { left, width } = ruler.current!.getBoundingClientRect();
    return span[0] + ((clientX - left) / width) * (span[1] - span[0]);
  };
  const x = (event: PointerEvent) => event.clientX - box.current!.getBoundingClientRect().left;
  useEffect(() => {
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(scaled(span, event.deltaY < 0 ? 0.8 : 1.25, moment(event.clientX)));
    };
    box.current!.addEventListener("wheel", wheel, { passive: false });
    return () => box.current?.removeEventListener("wheel", wheel);
  });
  return {
    band,
    onPointerDown: (event: PointerEvent) => {
      if (event.button === 0 && event.pointerType === "mouse" && !spotAt(event.target as Element)) from.current = x(event);
    },
    onPointerMove: (event: PointerEvent) => {
      if (from.current != null) return setBand([from.current, x(event)]);
      const spot = event.pointerType === "mouse" ? spotAt(event.target as Element) : null;
      if (!spot) return setTip(null);
      const outer = box.current!.getBoundingClientRect();
      const left = Math.min(event.clientX - outer.left + 10, outer.width - 260);
      setTip({ x: left, y: event.clientY - outer.top + 16, text: itemText(spot.item) });
    },
    onPointerUp: (event: PointerEvent) => {
      const start = from.current;
      from.current = null;
      setBand(null);
      dragged.current = start != null && Math.abs(x(event) - start) >= 6;
      if (!dragged.current) return;
      const left = box.current!.getBoundingClientRect().left;
      const [low, high] = [moment(start! + left), moment(event.clientX)].sort((a, b) => a - b);
      zoom([low!, Math.max(high!, low! + 7200)]);
    },
    onPointerLeave: () => setTip(null),
    onClick: (event: MouseEvent) => {
      const spot = dragged.current ? null : nearest(event);
      dragged.current = false;
      if (spot) open(addressOf(spot.item));
    },
  };
}

interface Keys {
  spots: Spots;
  tracks: string[];
  at: Spot | null;
  setAt: (spot: Spot | null) => void;
  open: (address: string) => void;
  zoom: (span: Span) => void;
  span: Span;
  page: Page;
  filter: Filter;
}

/** The next visible spot in the direction of an arrow key. */
function moved({ spots, tracks, at, filter }: Keys, key: string): Spot | null {
  const rank = (spot: Spot) => tracks.indexOf(spot.track) * 1000 + spot.y;
  const shown = tracks.flatMap((track) => {
    const once = new Map((spots.get(track) ?? []).map((spot) => [spot.item, spot]));
    return [...once.values()].filter((spot) => shows(filter, spot.item));
  });
  if (!at || !shown.includes(at)) return shown[0] ?? null;
  const here = rank(at);
  if (key === "ArrowRight" || key === "ArrowLeft") {
    const row = shown.filter((spot) => Math.abs(rank(spot) - here) < 0.5).sort((a, b) => timeOf(a.item) - timeOf(b.item));
    return row[row.indexOf(at) + (key === "ArrowRight" ? 1 : -1)] ?? at;
  }
  const beyond = shown.filter((spot) => (key === "ArrowDown" ? rank(spot) > here + 0.5 : rank(spot) < here - 0.5));
  const cost = (spot: Spot) => Math.abs(rank(spot) - here) * 1e9 + Math.abs(timeOf(spot.item) - timeOf(at.item));
  return beyond.reduce((best, spot) => (cost(spot) < cost(best) ? spot : best), beyond[0] ?? at);
}

function useKeys(keys: Keys) {
  const { at, setAt, open, zoom, span, page } = keys;
  return (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) setAt(moved(keys, event.key));
    else if (event.key === "Enter" && at) open(addressOf(at.item));
    else if (event.key === "+" || event.key === "=") zoom(scaled(span, 0.6, at ? timeOf(at.item) : undefined));
    else if (event.key === "-") zoom(scaled(span, 1 / 0.6));
    else if (event.key === "0") zoom(wholeSpan(page));
    else return;
    event.preventDefault();
  };
}
