// Barrels since the period began, day by day, against the cap.
import * as Plot from "@observablehq/plot";
import { loadingSeasons } from "./headline";
import type { Curve, Page, Year } from "./data";
import { Figure } from "./figure";
import { explained } from "./glossary";
import { conditionText } from "./open";
import { SimulatedMark } from "./simulated";
import { day, portText, rough, whole } from "./text";
import { isUsable } from "./verdict";

const DAY_S = 86400;
/** Days without a usable image from which a gap is marked. */
const GAP_DAYS = 7;
/** Part of the period that is drawn before and after it, where the year goes on without images. */
const ASIDE = 0.22;

/** Margins, and the height of a label of two lines, pixels. */
const TOP = 18, BOTTOM = 46, LABEL_PX = 31;

const date = (t: number) => new Date(t * 1000);
interface Gap {
  from: number;
  to: number;
  text: string;
}

/** Times without a usable image of the ports that the ledger counts from. */
function gapsOf(page: Page, year: Year, [first, last]: [number, number]): Gap[] {
  const ports = loadingSeasons(page).map((one) => one.port);
  const seen = page.observations
    .filter((one) => one.t != null && isUsable(one) && (!ports.length || ports.includes(one.port)))
    .map((one) => one.t!)
    .filter((t) => t >= year.start! && t < year.end!)
    .sort((a, b) => a - b);
  const edges = [year.start!, ...seen, year.end!];
  const inside = edges
    .slice(1)
    .map((to, k): Gap => ({ from: edges[k]!, to, text: `no usable image for ${Math.floor((to - edges[k]!) / DAY_S)} days` }))
    .filter((gap) => gap.to - gap.from >= GAP_DAYS * DAY_S);
  const outside = [
    { from: first, to: year.start!, text: `no images before ${day(year.start)}` },
    { from: year.end!, to: last, text: `no images after ${day(year.end! - 1)}` },
  ];
  return [...outside, ...inside].filter((gap) => gap.to - gap.from > DAY_S / 2);
}

/** Time shown: the period, and a part of the year on either side of it. */
function spanOf(year: Year): [number, number] {
  const aside = ASIDE * (year.end! - year.start!);
  const [first, last] = [year.year, year.year + 1].map((one) => Date.UTC(one, 0, 1) / 1000) as [number, number];
  return [Math.max(first, year.start! - aside), Math.min(last, year.end! + aside)];
}

const millions = (d: number) => (d === 0 ? "0" : d >= 1e6 ? `${d / 1e6}M` : `${d / 1e3}k`);

/** Names of the three ends of the curve, moved apart until they can be read. */
function endLabels(end: { low: number | null; middle: number | null; high: number | null }, perPixel: number) {
  const apart = (lower: number, upper: number) => Math.max(0, LABEL_PX - (upper - lower) / perPixel);
  const [low, middle, high] = [end.low ?? 0, end.middle ?? 0, end.high ?? 0];
  return [
    { y: high, dy: -apart(middle, high), text: `${rough(high)}\nupper end` },
    { y: middle, dy: 0, text: `${rough(middle)}\nmiddle` },
    { y: low, dy: apart(low, middle), text: `${rough(low)}\nlower end` },
  ];
}

function draw(page: Page, year: Year, curve: Curve, width: number) {
  const span = spanOf(year), gaps = gapsOf(page, year, span);
  const rows = curve.t.map((t, k) => ({ t, low: curve.low[k]!, middle: curve.middle[k]!, high: curve.high[k]! }));
  const points: { t: number; low: number | null; middle: number | null; high: number | null }[] = [
    { t: year.start!, low: 0, middle: 0, high: 0 },
    ...rows,
  ];
  const end = points[points.length - 1]!;
  const room = Math.max(year.cap - year.reported, 0);
  const most = Math.max(room * 1.18, end.high! * 1.06);
  const narrow = width < 520;
  const at = (one: { t: number }) => date(one.t);
  const halo = { stroke: "var(--paper)", strokeWidth: 4, paintOrder: "stroke" as const };
  const height = Math.round(Math.max(270, Math.min(330, width * 0.62)));
  return Plot.plot({
    width,
    height,
    marginLeft: 46,
    marginRight: 84,
    marginTop: TOP,
    marginBottom: BOTTOM,
    style: { fontSize: "13px", background: "none" },
    x: { type: "utc", domain: span.map(date), label: null, ticks: narrow ? 3 : 5, tickFormat: (d: Date) => day(d.getTime() / 1000).replace(/ (\d{4})$/, "\n$1") },
    y: { domain: [0, most], label: null, tickFormat: millions, grid: true, ticks: 6 },
    marks: [
      Plot.rect(gaps, { x1: (one: Gap) => date(one.from), x2: (one: Gap) => date(one.to), y1: 0, y2: most, fill: "var(--line)", fillOpacity: 0.6 }),
      Plot.text(gaps, { x: (one: Gap) => date((one.from + one.to) / 2), y: 0, dy: -6, rotate: -90, textAnchor: "start", fill: "var(--soft)", fontSize: 12, text: "text" }),
      Plot.areaY(points, { x: at, y1: "low", y2: "high", fill: "var(--swing)", fillOpacity: 0.24, curve: "step-before" }),
      Plot.lineY(points, { x: at, y: "low", stroke: "var(--swing)", strokeWidth: 1, curve: "step-before" }),
      Plot.lineY(points, { x: at, y: "high", stroke: "var(--swing)", strokeWidth: 1, curve: "step-before" }),
      Plot.lineY(points, { x: at, y: "middle", stroke: "var(--ink)", strokeWidth: 2.4, curve: "step-before" }),
      Plot.ruleY([room], { stroke: "var(--bad)", strokeWidth: 2 }),
      Plot.text([room], {
        y: (d: number) => d, x: date(year.start!), textAnchor: "start", dx: 4, dy: -9, fill: "var(--bad-ink)", fontWeight: 600, ...halo,
        text: () => (year.reported ? `cap ${whole(year.cap)} less ${whole(year.reported)} reported` : `cap ${whole(year.cap)} for the year`),
      }),
      ...endLabels(end, most / (height - TOP - BOTTOM)).map(({ y, dy, text }) =>
        Plot.text([y], { x: date(span[1]), y: (d: number) => d, dx: 7, dy, textAnchor: "start", fill: "var(--ink)", fontSize: 12, lineHeight: 1.15, text: () => text }),
      ),
    ],
  });
}

export function Cumulative({ page, year, curve }: { page: Page; year: Year; curve: Curve }) {
  if (year.start == null || year.end == null || !curve.t.length) return null;
  const last = curve.t.length - 1;
  const ports = page.answer.loading.map(portText).join(" and ");
  const condition = year.scenarios[0] ? conditionText(year.scenarios[0]) : "";
  const label = `${condition && `${condition.replace("if", "If")}: `}Barrels that left ${ports || "the ports"} since ${day(year.start)}: on ${day(year.end - 1)} ${rough(curve.low[last])} to ${rough(curve.high[last])}, 90 % interval, middle ${rough(curve.middle[last])}; the cap leaves ${whole(Math.max(year.cap - year.reported, 0))}`;
  return (
    <figure class="cumulative">
      <figcaption>
        <h2>
          Barrels since {day(year.start)}, against the cap{condition && `, ${condition}`} <SimulatedMark />
        </h2>
        <p class="soft">
          {explained("Line: middle value. Band: 90 % interval. Red line: what the cap leaves. Grey: time without images, in which ships may have come unseen." + (condition ? " The images do not decide whether they load." : ""))}
        </p>
      </figcaption>
      <Figure draw={(width) => draw(page, year, curve, width)} on={[year]} label={label} />
    </figure>
  );
}
