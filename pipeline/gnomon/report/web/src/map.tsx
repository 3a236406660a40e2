// Maps of the ports, each on a clear image of the run: zones, coastline, and every ship.
import * as Plot from "@observablehq/plot";
import { geoMercator, type Projection } from "d3-geo";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LOADS, type Page, type Port, type PortPicture, type Ring, type Ship, simulated } from "./data";
import { Figure, type Drawn } from "./figure";
import { type Filter, Opened, portsOf, showsShip } from "./filter";
import { useTurn } from "./deferred";
import { element, furniture, labelled } from "./furniture";
import { type Box, placed } from "./labels";
import { addressOf, type Span, SYMBOLS } from "./items";
import { SimulatedMark } from "./simulated";
import { collectionText, moment, portText, shipText, zoneText } from "./text";

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
const heightOf = (width: number) => Math.round(Math.min(width * 0.8, 460));
const INSET = 10;

/** Pixels around rings. */
function boxOnMap(projection: Projection, rings: Ring[]): Box {
  const places = rings.flat().map((place) => projection(place)!);
  const x = places.map((one) => one[0]), y = places.map((one) => one[1]);
  const [left, top] = [Math.min(...x), Math.min(...y)];
  return { x: left, y: top, width: Math.max(...x) - left, height: Math.max(...y) - top };
}

/** The image of the port below all else; its edges are meridians and parallels. */
function pictureMark(picture: PortPicture, projection: Projection) {
  const box = boxOnMap(projection, [[[picture.west, picture.north], [picture.east, picture.south]]]);
  return () => element("image", { ...box, href: picture.src, preserveAspectRatio: "none", class: "ground" });
}

/** Graticule, arrow, scale and the names of zones, above all else. */
function namesMark(port: Port, projection: Projection, width: number, height: number) {
  return () => {
    const { node, taken } = furniture(projection, width, height);
    const frame = { x: 2, y: 2, width: width - 4, height: height - 4 };
    const labels = port.zones
      .filter((zone) => zone.rings.length)
      .map((zone) => ({ text: zoneText(zone.name) + (zone.provisional ? " (approximate)" : ""), of: boxOnMap(projection, zone.rings) }));
    const shown = labels.filter(({ of }) => of.x < width && of.y < height && of.x + of.width > 0 && of.y + of.height > 0);
    if (simulated()) shown.unshift({ text: "SIMULATED", of: { x: width / 2, y: 26, width: 0, height: 0 } });
    node.append(labelled(placed(shown, taken, frame)));
    return node;
  };
}

/** Ships of one load: their outlines if the map is near, else a mark. */
function shipsMark(ships: Ship[], k: number, near: boolean, edge: string) {
  const load = LOADS[k]!;
  const colours = { className: `part${k} ships`, fill: load === "unread" ? edge : `var(--${load})`, stroke: near ? `var(--${load})` : edge, strokeWidth: near ? 1.6 : 1, fillOpacity: near ? 0.45 : 1 };
  if (load === "unread") colours.stroke = "var(--unread)";
  return near
    ? Plot.geo(ships.map((ship) => shape([ship.outline ?? [[ship.lon!, ship.lat!]]])), colours)
    : Plot.dot(ships, { ...colours, x: "lon", y: "lat", r: 4, symbol: SYMBOLS[load] as any });
}

function draw(port: Port, ships: Ship[], frame: Ring[], width: number, near: boolean): Drawn {
  const height = heightOf(width);
  const projection = geoMercator().fitExtent([[INSET, INSET], [width - INSET, height - INSET]], shape(frame));
  const picture = port.picture;
  return Plot.plot({
    width,
    height,
    margin: 0,
    className: picture ? "ground" : "chart",
    style: { background: picture ? "#3c4c53" : "var(--water)", fontSize: "12px", overflow: "hidden" },
    projection: () => projection as any,
    marks: [
      picture ? pictureMark(picture, projection) : null,
      port.area.length ? Plot.geo(shape(port.area), { stroke: "var(--border)", strokeDasharray: "1,4" }) : null,
      port.coast.length ? Plot.geo(shape(port.coast), { fill: picture ? "none" : "var(--land)", stroke: picture ? "var(--border)" : "var(--shore)", strokeWidth: 0.8 }) : null,
      ...port.zones.filter((zone) => zone.rings.length).map((zone) =>
        Plot.geo(shape(zone.rings), {
          stroke: "var(--border)", strokeWidth: 1.4, fill: "var(--border)", fillOpacity: 0.06,
          strokeDasharray: zone.provisional ? "5,3" : undefined,
        }),
      ),
      ...LOADS.map((load, k) => shipsMark(ships.filter((ship) => ship.load === load), k, near, picture ? "#fff" : "var(--water)")),
      namesMark(port, projection, width, height),
    ] as Plot.Markish[],
  } as Plot.PlotOptions) as Drawn;
}

function Credit({ port }: { port: Port }) {
  const { picture } = port;
  if (!picture) return <p class="credit">This run keeps no clear image of this port: land and zones alone are drawn.</p>;
  return (
    <p class="credit">
      <SimulatedMark /> Image of {moment(picture.t)}, {collectionText(picture.collection)}, the clearest of this port. Ships of every date are
      drawn on it. {picture.credit}
    </p>
  );
}

function PortMap({ port, ships, filter, span, hidden }: { port: Port; ships: Ship[]; filter: Filter; span: Span; hidden: boolean }) {
  const open = useContext(Opened);
  const nodes = useRef<[SVGElement, Ship][]>([]);
  const drawnShips = useMemo(() => ships.filter((ship) => ship.lon != null), [ships]);
  const parts = useMemo(() => partsOf(port, drawnShips), [port, drawnShips]);
  const scenes = !port.area.length && !port.zones.length;
  const [near, setNear] = useState(scenes ? (parts[0]?.name ?? "") : "");
  const zone = parts.find((one) => one.name === near);
  const frame = zone?.rings ?? (port.area.length ? port.area : boxOf(drawnShips));
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
      const list = drawnShips.filter((ship) => ship.load === load);
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
        {!simulated() && (
          <a
            href={`https://www.openstreetmap.org/#map=14/${lat.toFixed(4)}/${lon.toFixed(4)}`}
            target="_blank"
            rel="noopener noreferrer external"
          >
            OpenStreetMap<span class="hidden"> of {portText(port.name)}, online</span>
          </a>
        )}
      </figcaption>
      <div onClick={clicked} onPointerOver={hovered}>
        {turn && <Figure
          draw={(width) => draw(port, drawnShips, frame, width, zone != null && !scenes)}
          on={[port, drawnShips, near]}
          onDrawn={drawn}
          label={`Map of ${portText(port.name)} with ${drawnShips.length} ships, which are also in the list below`}
        />}
      </div>
      <Credit port={port} />
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
      <h2 id="maps-head">
        Maps <SimulatedMark />
      </h2>
      <p class="soft">
        Zones come from the study; the image below them is the clearest of the run. Choose a zone to see the outlines of the
        ships.
      </p>
      <div class="maps">
        {ports.map((name) => {
          const port = page.ports.find((one) => one.name === name) ?? { name, area: [], zones: [], coast: [], picture: null };
          return <PortMap key={name} port={port} ships={ships.get(name) ?? []} filter={filter} span={span} hidden={!filter.ports.has(name)} />;
        })}
      </div>
    </section>
  );
}
