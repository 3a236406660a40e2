// What would change the answer: barrels if one assumption were different.
import * as Plot from "@observablehq/plot";
import type { Year } from "./data";
import { Figure } from "./figure";
import { explained } from "./glossary";
import { between, conditionText, middleText, stated } from "./open";
import { SimulatedMark } from "./simulated";
import { percent, rough, whole } from "./text";
import { exceeded, periodText } from "./verdict";

interface Bar {
  group: string;
  name: string;
  low: number;
  middle: number | null;
  high: number;
}

function bars(year: Year): Bar[] {
  const scenarios = year.scenarios.map((one) => {
    const [low, middle, high] = stated(one).barrels;
    return {
      group: one.name === "inferred" ? "inferred" : "scenario",
      name: one.name === "inferred" ? "As inferred" : `If ${one.name.replace("%", " %").replace("of deadweight", "full")}`,
      low: low!,
      middle,
      high: high!,
    };
  });
  const swings = year.swings.map((one) => ({
    group: "swing",
    name: one.what,
    low: one.low,
    middle: null,
    high: one.high,
  }));
  return [...scenarios, ...swings];
}

function drawBarrels(year: Year, width: number) {
  const data = bars(year);
  const room = Math.max(year.cap - year.reported, 0);
  const narrow = width < 520;
  const middle = stated(year.scenarios[0]!).barrels[1];
  const colour = (bar: Bar) => (bar.group === "swing" ? "var(--swing)" : "var(--ink)");
  const most = Math.max(room * 1.15, ...data.map((bar) => bar.high));
  return Plot.plot({
    width,
    height: 34 * data.length + 76,
    marginLeft: narrow ? 8 : 172,
    marginRight: 24,
    marginTop: 34,
    marginBottom: 42,
    style: { fontSize: "13px", background: "none" },
    x: { domain: [0, most * 1.02], label: `barrels ${periodText(year)}`, labelAnchor: "center", labelArrow: "none", grid: true, tickFormat: (d: number) => (d === 0 ? "0" : d >= 1e6 ? `${d / 1e6}M` : `${d / 1e3}k`), ticks: narrow ? 4 : 8 },
    y: { domain: data.map((bar) => bar.name), label: null, axis: narrow ? null : "left", tickSize: 0 },
    marks: [
      Plot.rectX([{}], { x1: room, x2: most * 1.02, fill: "var(--over)", y: null }),
      Plot.ruleX([room], { stroke: "var(--bad)", strokeWidth: 2 }),
      Plot.text([room], {
        x: (d) => d,
        frameAnchor: "top",
        dy: -26,
        lineAnchor: "top",
        textAnchor: room < most / 2 ? "start" : "end",
        fill: "var(--bad-ink)",
        fontWeight: 600,
        text: () =>
          year.reported ? `cap ${whole(year.cap)} less ${whole(year.reported)}${narrow ? "\n" : " "}reported by others` : `cap ${whole(year.cap)}`,
      }),
      Plot.ruleX(middle == null ? [] : [middle], { stroke: "var(--ink)", strokeDasharray: "2,4" }),
      Plot.ruleY(data, {
        x1: "low",
        x2: "high",
        y: "name",
        stroke: colour,
        strokeWidth: (bar: Bar) => (bar.group === "swing" ? 9 : 4),
        strokeLinecap: (bar: Bar) => (bar.group === "swing" ? "butt" : "round"),
      } as any),
      Plot.dot(
        data.filter((bar) => bar.middle != null),
        { x: "middle", y: "name", r: 6, fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 2 },
      ),
      narrow
        ? Plot.text(data, {
            x: 0,
            y: "name",
            text: "name",
            textAnchor: "start",
            dy: -13,
            fontSize: 12,
            fill: "var(--ink)",
          })
        : null,
    ],
  });
}

export function Changes({ year }: { year: Year }) {
  const says = year.scenarios.map((one) => `${one.name}: ${between(stated(one).barrels)} barrels`).join("; ");
  const condition = conditionText(year.scenarios[0]!);
  const label = `Barrels ${condition && `${condition} `}${periodText(year)} against what is left of the cap. ${says}.`;
  return (
    <div class="changes">
      <figure>
        <figcaption>
          <h2>
            What would change the answer{condition && `, ${condition}`} <SimulatedMark />
          </h2>
          <p class="soft">
            {explained("Line: 90 % interval; dot: middle value. Broad bars: one assumption changed, everything else as inferred. Shaded: above the cap.")}
          </p>
        </figcaption>
        <Figure draw={(width) => drawBarrels(year, width)} on={[year]} label={label} />
      </figure>
      <div>
        <table class="scenarios">
          <caption>Barrels by how full the ships were{condition && `, ${condition}`}</caption>
          <thead>
            <tr>
              <th scope="col">Load</th>
              <th scope="col">Barrels</th>
              <th scope="col">Chance that the cap was exceeded</th>
              {!condition && <th scope="col">Exceeded on</th>}
            </tr>
          </thead>
          <tbody>
            {year.scenarios.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name.replace("%", " %")}</th>
                <td>
                  {rough(stated(one).barrels[0])} – {rough(stated(one).barrels[2])}
                  <small>{middleText(stated(one).barrels).slice(2)}</small>
                </td>
                <td>{percent(stated(one).p_over)}</td>
                {!condition && <td>{exceeded(one)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
        <ul class="plain">
          {year.swings.map((one) => (
            <li key={one.what}>
              <b>{one.what}:</b> {rough(one.low)} to {rough(one.high)}. {one.text}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
