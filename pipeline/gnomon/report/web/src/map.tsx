// Maps of the ports: zones, the coastline seen in the images, and every ship.
import * as Plot from "@observablehq/plot";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LOADS, type Page, type Port, type Ring, type Ship } from "./data";
import { Figure, type Drawn } from "./figure";
import { type Filter, Opened, portsOf, showsShip } from "./filter";
import { useTurn } from "./deferred";
import { addressOf, type Span, SYMBOLS } from "./items";
import { portText, shipText, zoneText } from "./text";

/** Rings must run clockwise, or d3 fills the rest of the globe. */
const clockwise = (ring: Ring): Ring => {
  let twice = 0;
  ring.forEach(([x, y], k) => {
    const [u, v] = ring[(k + 1) % ring.length]!;
    twice += x * v - u * y;
  });
  return twice > 0 ? [...ring].reverse() : ring;
};
const closed = (ring: Ring): Ring => {
  const [first, last] = [ring[0]!, ring[ring.length - 1]!];
  return first[0] === last[0] && first[1] === last[1] ? ring : [...ring, first];
};
const shape = (rings: Ring[]) => ({
  type: "MultiPolygon" as const,
  coordinates: rings.map((ring) => [clockwise(closed(ring))]),
});

/** Box around ships with a margin, as rings. */
function boxOf(ships: Ship[]): Ring[] {
  const known = ships.filter((ship) => ship.lon != null);
  if (!known.length) return [];
  const x = known.map((ship) => ship.lon!), y = known.map((ship) => ship.lat!);
  const least = (v: number[]) => v.reduce((a, b) => Math.min(a, b)), most = (v: number[]) => v.reduce((a, b) => Math.max(a, b));
  const [w, e, s, n] = [least(x) - 0.01, most(x) + 0.01, least(y) - 0.008, most(y) + 0.008];
  return [[[w, s], [w, n], [e, n], [e, s], [w, s]]];
}

/** Parts of a port that a reader can choose: its zones, or for whole scenes each scene. */
function partsOf(port: Port, ships: Ship[]): { name: string; rings: Ring[] }[] {
  if (port.zones.length || port.area.length) return port.zones;
  const scenes = [...new Set(ships.map((ship) => ship.scene))];
  return scenes.map((scene) => ({ name: scene, rings: boxOf(ships.filter((ship) => ship.scene === scene)) }));
}

const middle = (rings: Ring[]) => rings[0]![0]!;

function draw(port: Port, ships: Ship[], frame: Ring[], width: number, near: boolean): Drawn {
  const groups = LOADS.map((load) => ships.filter((ship) => ship.load === load));
  const zones = port.zones.filter((zone) => zone.rings.length);
  // The westernmost of the northernmost corners.
  const top = (rings: Ring[]) =>
    rings.flat().reduce((best, one) => (one[1] > best[1] + 1e-6 || (one[1] > best[1] - 1e-6 && one[0] < best[0]) ? one : best));
  return Plot.plot({
    width,
    height: Math.round(Math.min(width * 0.8, 460)),
    margin: 1,
    style: { background: "var(--water)", fontSize: "11px", overflow: "hidden" },
    projection: { type: "mercator", domain: shape(frame), inset: 10 },
    marks: [
      port.area.length ? Plot.geo(shape(port.area), { stroke: "var(--zone)", strokeDasharray: "1,4", strokeOpacity: 0.9 }) : null,
      port.coast.length ? Plot.geo(shape(port.coast), { fill: "var(--land)", stroke: "var(--shore)", strokeWidth: 0.8 }) : null,
      ...zones.map((zone) =>
        Plot.geo(shape(zone.rings), {
          stroke: "var(--zone)", strokeWidth: 1.2, fill: "var(--zone)", fillOpacity: 0.06,
          strokeDasharray: zone.provisional ? "5,3" : undefined,
        }),
      ),
      Plot.text(zones, {
        x: (zone) => top(zone.rings)[0], y: (zone) => top(zone.rings)[1], textAnchor: "start", lineAnchor: "bottom", dy: -3, fill: "var(--ink)", stroke: "var(--water)",
        text: (zone) => zoneText(zone.name) + (zone.provisional ? " (approximate)" : ""),
      }),
      ...groups.map((group, k) => {
        const load = LOADS[k]!;
        const colours = { className: `part${k} ships`, fill: load === "unread" ? "var(--water)" : `var(--${load})`, stroke: near ? `var(--${load})` : "var(--water)", strokeWidth: near ? 1.6 : 0.6, fillOpacity: near ? 0.45 : 1 };
        if (load === "unread") colours.stroke = "var(--unread)";
        return near
          ? Plot.geo(group.map((ship) => shape([ship.outline ?? [[ship.lon!, ship.lat!]]])), colours)
          : Plot.dot(group, { ...colours, x: "lon", y: "lat", r: 3.6, symbol: SYMBOLS[load] as any });
      }),
    ],
  } as Plot.PlotOptions) as Drawn;
}

function PortMap({ port, ships, filter, span, hidden }: { port: Port; ships: Ship[]; filter: Filter; span: Span; hidden: boolean }) {
  const open = useContext(Opened);
  const nodes = useRef<[SVGElement, Ship][]>([]);
  const placed = useMemo(() => ships.filter((ship) => ship.lon != null), [ships]);
  const parts = useMemo(() => partsOf(port, placed), [port, placed]);
  const scenes = !port.area.length && !port.zones.length;
  const [near, setNear] = useState(scenes ? (parts[0]?.name ?? "") : "");
  const zone = parts.find((one) => one.name === near);
  const frame = zone?.rings ?? (port.area.length ? port.area : boxOf(placed));
  const figure = useRef<Drawn | null>(null);
  const apply = () => {
    LOADS.forEach((load, k) => {
      const group = figure.current?.querySelector<SVGElement>(`g.part${k}`);
      if (group) group.style.display = filter.loads.has(load) ? "" : "none";
    });
    for (const [node, ship] of nodes.current) {
      if (!filter.loads.has(ship.load)) continue;
      const display = showsShip(filter, ship) && ship.t >= span[0] && ship.t <= span[1] ? "" : "none";
      if (node.style.display !== display) node.style.display = display;
    }
  };
  useEffect(() => {
    if (!hidden) apply();
  }, [filter, span]);
  const drawn = (svg: Drawn) => {
    figure.current = svg;
    nodes.current = LOADS.flatMap((load, k) => {
      const list = placed.filter((ship) => ship.load === load);
      return [...svg.querySelectorAll<SVGElement>(`g.part${k} > *`)].map((node): [SVGElement, Ship] => [node, list[(node as any).__data__]!]);
    });
    apply();
  };
  const turn = useTurn();
  if (!frame.length) return null;
  const [lon, lat] = middle(frame);
  const under = (event: Event) => {
    const node = (event.target as Element).closest("g.ships > *");
    return nodes.current.find(([one]) => one === node)?.[1];
  };
  const clicked = (event: MouseEvent) => {
    const hit = under(event);
    if (hit) open(addressOf(hit));
  };
  const hovered = (event: PointerEvent) => {
    const hit = under(event);
    (event.currentTarget as HTMLElement).title = hit ? shipText(hit) : "";
  };
  return (
    <figure class="map" hidden={hidden}>
      <figcaption>
        <h3>{portText(port.name)}</h3>
        <label>
          <span class="hidden">Part of {portText(port.name)} to show</span>
          <select value={near} onChange={(event) => setNear(event.currentTarget.value)}>
            <option value="">{scenes ? "all scenes" : "whole port"}</option>
            {parts.map((one) => (
              <option key={one.name} value={one.name}>
                {zoneText(one.name)}
              </option>
            ))}
          </select>
        </label>
        <a
          href={`https://www.openstreetmap.org/#map=14/${lat.toFixed(4)}/${lon.toFixed(4)}`}
          target="_blank"
          rel="noopener noreferrer external"
        >
          OpenStreetMap<span class="hidden"> of {portText(port.name)}, online</span>
        </a>
      </figcaption>
      <div onClick={clicked} onPointerOver={hovered}>
        {turn && <Figure
          draw={(width) => draw(port, placed, frame, width, zone != null && !scenes)}
          on={[port, placed, near]}
          onDrawn={drawn}
          label={`Map of ${portText(port.name)} with ${placed.length} ships, which are also in the list below`}
        />}
      </div>
    </figure>
  );
}

export function Maps({ page, filter, span }: { page: Page; filter: Filter; span: Span }) {
  const ships = useMemo(() => {
    const by = new Map<string, Ship[]>(portsOf(page).map((name) => [name, []]));
    for (const ship of page.ships) by.get(ship.port)?.push(ship);
    return by;
  }, [page]);
  const ports = portsOf(page);
  return (
    <section id="maps" aria-labelledby="maps-head">
      <h2 id="maps-head">Maps</h2>
      <p class="soft">
        Zones come from the study; land is what the clearest image of the run shows as land. Choose a zone to see the
        outlines of the ships.
      </p>
      <div class="maps">
        {ports.map((name) => {
          const port = page.ports.find((one) => one.name === name) ?? { name, area: [], zones: [], coast: [] };
          return <PortMap key={name} port={port} ships={ships.get(name) ?? []} filter={filter} span={span} hidden={!filter.ports.has(name)} />;
        })}
      </div>
    </section>
  );
}
