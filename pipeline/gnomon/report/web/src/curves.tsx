// What is believed of a freeboard, and how much each look weighs.
import * as Plot from "@observablehq/plot";
import type { Curve, Ship, Visit } from "./data";
import { Figure } from "./figure";
import { collectionWords, fixed, percent, shortMoment, signed } from "./words";

/** Where nine to one lies: gnomon says laden above it and ballast below. */
const NINE_TO_ONE = Math.log(9);

function drawCurve(curve: Curve, width: number) {
  const top = Math.max(...curve.post);
  const rows = curve.x.map((x, k) => ({ x, post: curve.post[k]! / top, like: curve.like[k]! }));
  const last = curve.x[curve.x.length - 1]!;
  const bands = [
    { name: "laden", x1: curve.laden[0], x2: curve.laden[1], fill: "var(--laden)", y: 1.17 },
    { name: "in ballast", x1: curve.ballast[0], x2: curve.ballast[1], fill: "var(--ballast)", y: 1.07 },
  ];
  return Plot.plot({
    width,
    height: 210,
    marginLeft: 8,
    marginRight: 8,
    marginBottom: 40,
    style: { background: "none", fontSize: "12px" },
    x: { domain: [0, last], label: "freeboard, m", labelAnchor: "center", labelArrow: "none", clamp: true },
    y: { domain: [0, 1.3], axis: null },
    marks: [
      Plot.rectX(bands, { x1: "x1", x2: "x2", y1: 0, y2: 1.3, fill: "fill", fillOpacity: 0.16 } as any),
      Plot.text(bands, { x: (d) => (d.x1 + d.x2) / 2, y: 1.22, text: "name", fill: "var(--ink)" }),
      Plot.areaY(rows, { x: "x", y: "post", fill: "var(--ink)", fillOpacity: 0.14, clip: true }),
      Plot.lineY(rows, { x: "x", y: "post", stroke: "var(--ink)", strokeWidth: 2, clip: true }),
      curve.like.length ? Plot.lineY(rows, { x: "x", y: "like", stroke: "var(--soft)", strokeDasharray: "2,3", clip: true }) : null,
      Plot.ruleY([0], { stroke: "var(--soft)" }),
    ],
  });
}

const flat = (curve: Curve) => curve.like.length > 0 && Math.min(...curve.like) > 0.999;

export function Freeboard({ ship, curve }: { ship: Ship; curve: Curve | undefined }) {
  if (!curve) return <p class="soft">No freeboard was read from this look.</p>;
  const label = `Posterior of the freeboard: ${fixed(ship.fb, 1)} m, nine in ten ${fixed(ship.fb05, 1)} to ${fixed(ship.fb95, 1)} m. Tankers of her size: laden ${curve.laden.map((v) => v.toFixed(1)).join(" to ")} m, in ballast ${curve.ballast.map((v) => v.toFixed(1)).join(" to ")} m.`;
  return (
    <figure>
      <figcaption>
        <h3>Freeboard on {shortMoment(ship.t)}</h3>
        <p class="soft">
          {ship.fb == null ? "Not measured" : `${fixed(ship.fb, 1)} m, nine in ten ${fixed(ship.fb05, 1)} to ${fixed(ship.fb95, 1)} m`}.
          Line: posterior{curve.like.length ? "; dots: pixels alone" : ", as a normal"}.{" "}
          {flat(curve) && "The dots are level: this look tells nothing of her freeboard. "}Bands: nine in ten tankers of her size.
        </p>
      </figcaption>
      <Figure draw={(width) => drawCurve(curve, width)} on={[curve]} label={label} />
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
    .map((ship) => ({ name: `${shortMoment(ship.t)}, ${collectionWords(ship.collection)}`, lr: ship.lr, sum: false }));
  if (!visit) return observations;
  return [
    ...observations,
    { name: "all, of the load she came with", lr: visit.log_lr_laden_in, sum: true },
    { name: "all, of the load she left with", lr: visit.log_lr_laden_out, sum: true },
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
    x: { domain: [-most, most], label: "log likelihood ratio, laden over ballast", labelAnchor: "center", labelArrow: "none", ticks: 5 },
    y: { domain: names, axis: null, padding: 0.6 },
    marks: [
      Plot.text([["← in ballast", -most], ["laden →", most]], { x: (d: any) => d[1], text: (d: any) => d[0], frameAnchor: "top", dy: -16, textAnchor: (d: any) => (d[1] < 0 ? "start" : "end"), fill: "var(--soft)" } as any),
      Plot.ruleX([-NINE_TO_ONE, NINE_TO_ONE], { stroke: "var(--soft)", strokeDasharray: "3,3" }),
      Plot.barX(rows, { x1: 0, x2: "lr", y: "name", fill: colour, fillOpacity: (row: Weight) => (row.sum ? 1 : 0.6) } as any),
      Plot.ruleX([0], { stroke: "var(--ink)" }),
      Plot.text(rows, { x: -most, y: "name", text: "name", textAnchor: "start", dy: -14, fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 4, fontWeight: (row: Weight) => (row.sum ? 700 : 400) } as any),
      Plot.text(rows, { x: most, y: "name", text: (row) => signed(row.lr), textAnchor: "end", dy: -14, fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 4 }),
    ],
  } as Plot.PlotOptions);
}

export function Weights({ ships, visit }: { ships: Ship[]; visit: Visit | null }) {
  const rows = weights(ships, visit).filter((row) => row.lr != null);
  if (!rows.length) return <p class="soft">No look weighs for or against a load.</p>;
  const label = rows.map((row) => `${row.name}: ${signed(row.lr)}`).join("; ");
  return (
    <figure>
      <figcaption>
        <h3>What each look weighs</h3>
        <p class="soft">
          Beyond the dashed lines the odds are nine to one.
          {visit && ` With all visits of the port, and looks elsewhere: laden in ${percent(visit.p_laden_in)}, laden out ${percent(visit.p_laden_out)}.`}
        </p>
      </figcaption>
      <Figure draw={(width) => drawWeights(rows, width)} on={[rows.map((row) => row.name + row.lr).join()]} label={`Log likelihood ratios, ${label}`} />
    </figure>
  );
}
