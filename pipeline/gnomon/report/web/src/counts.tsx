// Ships in each image over time, where a run counts ships and infers no visits.
import * as Plot from "@observablehq/plot";
import type { Observation, Page } from "./data";
import { Figure } from "./figure";
import { portsOf } from "./filter";
import { SimulatedMark } from "./simulated";
import { day, portText, whole } from "./text";
import { isUsable } from "./verdict";

const ROW_PX = 120;

const dated = (page: Page) => page.observations.filter((one) => one.t != null && isUsable(one));

function draw(rows: Observation[], ports: string[], width: number) {
  const at = (one: Observation) => new Date(one.t! * 1000);
  const count = (one: Observation) => one.ships.length;
  const name = (one: Observation) => portText(one.port);
  return Plot.plot({
    width,
    height: 60 + ROW_PX * ports.length,
    marginLeft: 40, marginRight: 16, marginTop: 26, marginBottom: 36,
    style: { fontSize: "13px", background: "none" },
    x: { type: "utc", label: null, ticks: width < 520 ? 3 : 6, inset: 14 },
    y: { label: null, grid: true, ticks: 4, insetTop: 16, tickFormat: (d: number) => whole(d) },
    fy: { domain: ports.map(portText), axis: null, padding: 0.2 },
    marks: [
      Plot.text(ports, { fy: portText, text: portText, frameAnchor: "top-left", dy: -12, fontWeight: 600, fill: "var(--ink)" }),
      Plot.ruleX(rows, { fy: name, x: at, y1: 0, y2: count, stroke: "var(--swing)", strokeWidth: 4, strokeOpacity: 0.6 }),
      Plot.dot(rows, { fy: name, x: at, y: count, r: 4, fill: "var(--ink)" }),
      Plot.ruleY([0]),
    ],
  });
}

/** The count of ships in each image, one row a port; nothing unless several images can be compared. */
export function Counts({ page }: { page: Page }) {
  const rows = dated(page), ports = portsOf(page);
  if (page.visits.length || page.answer.seasons.length || ports.length > 4 || new Set(rows.map((one) => one.t)).size < 3) return null;
  const label = `Ships in each image: ${rows.map((one) => `${portText(one.port)} ${day(one.t)} ${whole(one.ships.length)}`).join(", ")}`;
  return (
    <figure class="cumulative">
      <figcaption>
        <h2>
          Ships in each image <SimulatedMark />
        </h2>
        <p class="soft">Nothing is known of the days between the images. What an image misses, or takes for a ship and is none, is in the count.</p>
      </figcaption>
      <Figure draw={(width) => draw(rows, ports, width)} on={[page]} label={label} />
    </figure>
  );
}
