// How likely each freeboard is, and how strongly each image speaks for laden or in ballast.
import * as Plot from "@observablehq/plot";
import type { Posterior, Ship, Visit } from "./data";
import { Figure } from "./figure";
import { Term } from "./glossary";
import { fixed, moment, oddsText, signed } from "./text";

/** Odds of nine to one: a ship is called laden above, and in ballast below the negative. */
const NINE_TO_ONE = Math.log(9);

function drawPosterior(posterior: Posterior, width: number) {
  const top = Math.max(...posterior.post);
  const rows = posterior.x.map((x, k) => ({ x, post: posterior.post[k]! / top, like: posterior.like[k]! }));
  const last = posterior.x[posterior.x.length - 1]!;
  const bands = [
    { name: "laden", x1: posterior.laden[0], x2: posterior.laden[1], fill: "var(--laden)", y: 1.17 },
    { name: "in ballast", x1: posterior.ballast[0], x2: posterior.ballast[1], fill: "var(--ballast)", y: 1.07 },
  ];
  return Plot.plot({
    width,
    height: 210,
    marginLeft: 8,
    marginRight: 8,
    marginBottom: 40,
    style: { background: "none", fontSize: "12px" },
    x: { domain: [0, last], label: "freeboard, m", labelAnchor: "center", labelArrow: "none", labelOffset: 32, clamp: true },
    y: { domain: [0, 1.3], axis: null },
    marks: [
      Plot.rectX(bands, { x1: "x1", x2: "x2", y1: 0, y2: 1.3, fill: "fill", fillOpacity: 0.16 } as any),
      Plot.text(bands, { x: (d) => (d.x1 + d.x2) / 2, y: 1.22, text: "name", fill: "var(--ink)" }),
      Plot.areaY(rows, { x: "x", y: "post", fill: "var(--ink)", fillOpacity: 0.14, clip: true }),
      Plot.lineY(rows, { x: "x", y: "post", stroke: "var(--ink)", strokeWidth: 2, clip: true }),
      posterior.like.length ? Plot.lineY(rows, { x: "x", y: "like", stroke: "var(--soft)", strokeDasharray: "2,3", clip: true }) : null,
      Plot.ruleY([0], { stroke: "var(--soft)" }),
    ],
  });
}

const flat = (posterior: Posterior) => posterior.like.length > 0 && Math.min(...posterior.like) > 0.999;

export function Freeboard({ ship, posterior }: { ship: Ship; posterior: Posterior | undefined }) {
  if (!posterior) return <p class="soft">No freeboard was measured in this image.</p>;
  const label = `Freeboard: ${fixed(ship.fb, 1)} m, 90 % interval ${fixed(ship.fb05, 1)} to ${fixed(ship.fb95, 1)} m. Tankers of this size: laden ${posterior.laden.map((v) => v.toFixed(1)).join(" to ")} m, in ballast ${posterior.ballast.map((v) => v.toFixed(1)).join(" to ")} m.`;
  return (
    <figure>
      <figcaption>
        <h3>
          <Term of="freeboard">Freeboard</Term> on {moment(ship.t)}
        </h3>
        <p class="soft">
          {ship.fb == null ? "Not measured" : <>{fixed(ship.fb, 1)} m, <Term of="90 % interval" /> {fixed(ship.fb05, 1)} to {fixed(ship.fb95, 1)} m</>}.
          Freeboard is the height of the deck above the water. The higher the line, the more likely the freeboard
          {posterior.like.length ? "; dotted: by the pixels alone, without the ship's size" : "; the line is drawn from the table, without pixels"}.{" "}
          {flat(posterior) && "The dotted line is level: this image does not show the freeboard. "}Coloured: where 9 in 10 tankers of this size lie.
        </p>
      </figcaption>
      <Figure draw={(width) => drawPosterior(posterior, width)} on={[posterior]} label={label} />
    </figure>
  );
}

interface Weight {
  name: string;
  lr: number;
  sum: boolean;
}

function weights(ships: Ship[], visit: Visit | null): Weight[] {
  const observations = ships
    .filter((ship) => ship.lr != null)
    .map((ship) => ({ name: moment(ship.t), lr: ship.lr, sum: false }));
  if (!visit) return observations;
  return [
    ...observations,
    { name: "all together, on arrival", lr: visit.log_lr_laden_in, sum: true },
    { name: "all together, on departure", lr: visit.log_lr_laden_out, sum: true },
  ];
}

function drawWeights(rows: Weight[], width: number) {
  const most = Math.max(4, ...rows.map((row) => Math.abs(row.lr))) * 1.15;
  const names = rows.map((row) => row.name);
  const colour = (row: Weight) => (row.lr > NINE_TO_ONE ? "var(--laden)" : row.lr < -NINE_TO_ONE ? "var(--ballast)" : "var(--indeterminate)");
  return Plot.plot({
    width,
    height: 36 * rows.length + 72,
    marginLeft: 10,
    marginRight: 10,
    marginTop: 24,
    marginBottom: 40,
    style: { background: "none", fontSize: "12px" },
    x: { domain: [-most, most], label: "strength of evidence: 0 says nothing, 2.2 is 9 to 1", labelAnchor: "center", labelArrow: "none", labelOffset: 32, ticks: 5 },
    y: { domain: names, axis: null, padding: 0.6 },
    marks: [
      Plot.text(["← in ballast"], { frameAnchor: "top-left", textAnchor: "start", dy: -16, fill: "var(--soft)" }),
      Plot.text(["laden →"], { frameAnchor: "top-right", textAnchor: "end", dy: -16, fill: "var(--soft)" }),
      Plot.ruleX([-NINE_TO_ONE, NINE_TO_ONE], { stroke: "var(--soft)", strokeDasharray: "3,3" }),
      Plot.barX(rows, { x1: 0, x2: "lr", y: "name", fill: colour, fillOpacity: (row: Weight) => (row.sum ? 1 : 0.6) } as any),
      Plot.ruleX([0], { stroke: "var(--ink)" }),
      Plot.text(rows, { x: -most, y: "name", text: "name", textAnchor: "start", dy: -14, fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 4, fontWeight: (row: Weight) => (row.sum ? 700 : 400) } as any),
      Plot.text(rows, { x: most, y: "name", text: (row) => oddsText(row.lr), textAnchor: "end", dy: -14, fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 4 }),
    ],
  } as Plot.PlotOptions);
}

export function Weights({ ships, visit }: { ships: Ship[]; visit: Visit | null }) {
  const rows = weights(ships, visit).filter((row) => row.lr != null);
  if (!rows.length) return <p class="soft">No image gives evidence of the load.</p>;
  const label = rows.map((row) => `${row.name}: ${signed(row.lr)}, ${oddsText(row.lr)}`).join("; ");
  return (
    <figure>
      <figcaption>
        <h3>How strongly each image speaks</h3>
        <p class="soft">
          <Term of="strength of evidence">Strength of evidence</Term> of this ship's own images: to the right for cargo, to the left for none.
          Beyond the dashed lines it is nine to one or more.
        </p>
      </figcaption>
      <Figure draw={(width) => drawWeights(rows, width)} on={[rows.map((row) => row.name + row.lr).join()]} label={`Strength of evidence. ${label}`} />
    </figure>
  );
}
