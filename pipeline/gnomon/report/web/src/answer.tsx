// The answer, before anything else.
import * as Plot from "@observablehq/plot";
import type { Page, Season, Year } from "./data";
import { Figure } from "./figure";
import { day, dayMonth, percent, portText, rough, whole } from "./text";

const SURE = 0.95;

function direction(p: number | null): [string, string] {
  if (p == null) return ["unknown", "no image"];
  if (p > SURE) return ["ships load", `chance ${percent(p)}`];
  if (p < 1 - SURE) return ["ships unload", `chance ${percent(1 - p)}`];
  return ["unclear", `chance ${percent(p)} that ships load`];
}

function Headline({ page, season, year }: { page: Page; season: Season | undefined; year: Year | undefined }) {
  const first = year?.scenarios[0];
  if (!year || !first)
    return (
      <h1>
        {whole(page.ships.length)} ships in {whole(page.observations.length)} images.{" "}
        <span class="soft">
          {season ? `${rough(season.visits_p50)} visits inferred; barrels were not estimated.` : "Visits were not inferred."}
        </span>
      </h1>
    );
  const [low, middle, high] = first.barrels;
  const where = page.answer.loading.map(portText).join(" and ");
  const verdict = first.p_over > SURE ? "Over the cap." : first.p_over < 1 - SURE ? "Under the cap." : "The images leave it open.";
  return (
    <h1>
      <span class="verdict">{verdict}</span> {rough(middle)} barrels left {where} in {year.year}{" "}
      <span class="soft">
        (90 % interval {rough(low)} to {rough(high)}), against a yearly cap of {whole(year.cap)}.
      </span>
    </h1>
  );
}

function Tile({ name, value, more }: { name: string; value: string; more: string }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
        <span>{more}</span>
      </dd>
    </div>
  );
}

function Tiles({ page, season, year }: { page: Page; season: Season | undefined; year: Year | undefined }) {
  const first = year?.scenarios[0];
  const { vessels, visits } = page.answer;
  const [way, waySure] = direction(season?.p_exports ?? null);
  const named = vessels.named.map(([name]) => name);
  return (
    <dl class="tiles">
      {season && (
        <Tile
          name={`Visits at ${portText(season.port)}`}
          value={season.visits_p50 == null ? "unknown" : rough(season.visits_p50)}
          more={`90 % interval ${rough(season.visits_p05)} to ${rough(season.visits_p95)}; ${rough(season.seen_p50)} of them seen`}
        />
      )}
      {season && (
        <Tile
          name="Direction of trade"
          value={way}
          more={`${waySure}; ${rough(season.loaded_p50)} came empty and left laden, ${rough(season.unloaded_p50)} the other way round`}
        />
      )}
      {visits > 0 && (
        <Tile
          name="Different ships"
          value={named.length ? whole(named.length) : `${vessels.at_once} or more`}
          more={
            named.length
              ? `identified by name: ${named.slice(0, 4).join(", ")}${named.length > 4 ? " and others" : ""}; ${vessels.at_once} in port at the same time`
              : "so many were in port at the same time; sizes alone identify none by name"
          }
        />
      )}
      {first && (
        <Tile
          name="Tonnes"
          value={rough(first.tonnes[1])}
          more={`90 % interval ${rough(first.tonnes[0])} to ${rough(first.tonnes[2])}, as ${page.answer.product ?? "product"}`}
        />
      )}
      {first && (
        <Tile
          name="Barrels"
          value={rough(first.barrels[1])}
          more={`90 % interval ${rough(first.barrels[0])} to ${rough(first.barrels[2])}${
            year!.reported ? `; others reported ${whole(year!.reported)} under the same cap` : ""
          }`}
        />
      )}
      {first && (
        <Tile
          name={`Over ${whole(year!.cap)} in ${year!.year}`}
          value={percent(first.p_over)}
          more="chance that the cap was exceeded"
        />
      )}
      {first && (
        <Tile
          name="Cap exceeded on"
          value={first.passed[1] == null ? "not exceeded" : dayMonth(first.passed[1])}
          more={
            first.passed[1] == null
              ? "in none of the samples"
              : `90 % interval ${day(first.passed[0])} to ${day(first.passed[2])}, if it was exceeded`
          }
        />
      )}
    </dl>
  );
}

interface Bar {
  group: string;
  name: string;
  low: number;
  middle: number | null;
  high: number;
}

function bars(year: Year): Bar[] {
  const scenarios = year.scenarios.map((one) => ({
    group: one.name === "inferred" ? "inferred" : "scenario",
    name: one.name === "inferred" ? "As inferred" : `If ${one.name.replace("%", " %").replace("of deadweight", "full")}`,
    low: one.barrels[0]!,
    middle: one.barrels[1],
    high: one.barrels[2]!,
  }));
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
  const middle = year.scenarios[0]!.barrels[1]!;
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
    x: { domain: [0, most * 1.02], label: "barrels in the year", labelAnchor: "center", labelArrow: "none", grid: true, tickFormat: (d: number) => (d === 0 ? "0" : d >= 1e6 ? `${d / 1e6}M` : `${d / 1e3}k`), ticks: narrow ? 4 : 8 },
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
          narrow ? "left of the cap" : year.reported ? `cap ${whole(year.cap)} less ${whole(year.reported)} reported by others` : `cap ${whole(year.cap)}`,
      }),
      Plot.ruleX([middle], { stroke: "var(--ink)", strokeDasharray: "2,4" }),
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

function Changes({ year }: { year: Year }) {
  const says = year.scenarios.map((one) => `${one.name}: ${rough(one.barrels[1])} barrels`).join("; ");
  const label = `Barrels of ${year.year} against what is left of the cap. ${says}.`;
  return (
    <div class="changes">
      <figure>
        <figcaption>
          <h2>What would change the answer</h2>
          <p class="soft">
            Line: 90 % interval; dot: median. Broad bars: one assumption changed, everything else as inferred. Shaded:
            above the cap.
          </p>
        </figcaption>
        <Figure draw={(width) => drawBarrels(year, width)} on={[year]} label={label} />
      </figure>
      <div>
        <table class="scenarios">
          <caption>Barrels by how full the ships were</caption>
          <thead>
            <tr>
              <th scope="col">Load</th>
              <th scope="col">Barrels</th>
              <th scope="col">Chance over cap</th>
              <th scope="col">Exceeded on</th>
            </tr>
          </thead>
          <tbody>
            {year.scenarios.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name.replace("%", " %")}</th>
                <td>
                  {rough(one.barrels[1])}
                  <small>
                    {rough(one.barrels[0])} – {rough(one.barrels[2])}
                  </small>
                </td>
                <td>{percent(one.p_over)}</td>
                <td>{dayMonth(one.passed[1])}</td>
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

const chosen = (page: Page) => {
  const own = page.answer.seasons.filter((one) => page.answer.loading.includes(one.port));
  const years = [...page.answer.years].sort((a, b) => b.scenarios[0]!.barrels[1]! - a.scenarios[0]!.barrels[1]!);
  return { season: own[0] ?? page.answer.seasons[0], year: years[0] };
};

function Ports({ page }: { page: Page }) {
  if (!page.answer.seasons.length) return null;
  const cell = (value: number | null, sigma: number | null) =>
    value == null ? "–" : `${rough(value)} ± ${rough(sigma)}`;
  return (
    <details class="fold">
      <summary>All ports, and three other estimates of the number of visits</summary>
      <div class="wide" tabIndex={0} role="region" aria-label="Counts by port">
        <table>
          <thead>
            <tr>
              {["Port", "Images", "Visits seen", "Visits inferred", "Mean stay", "Horvitz-Thompson", "Little", "Chapman", "Direction"].map(
                (name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {page.answer.seasons.map((one) => (
              <tr key={one.port}>
                <th scope="row">{portText(one.port)}</th>
                <td>
                  {whole(one.observations)} <small>{one.usable_observations.toFixed(1)} usable</small>
                </td>
                <td>{rough(one.seen_p50)}</td>
                <td>
                  {rough(one.visits_p50)}{" "}
                  <small>
                    {rough(one.visits_p05)} – {rough(one.visits_p95)}
                  </small>
                </td>
                <td>{one.dwell_days == null ? "–" : `${one.dwell_days.toFixed(1)} ± ${one.dwell_sigma_days?.toFixed(1)} d`}</td>
                <td>{cell(one.horvitz_thompson, one.horvitz_thompson_sigma)}</td>
                <td>{cell(one.little, one.little_sigma)}</td>
                <td>{cell(one.chapman, one.chapman_sigma)}</td>
                <td>{direction(one.p_exports).join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export function Answer({ page }: { page: Page }) {
  const { season, year } = chosen(page);
  const wide =
    season && season.visits_mean && (season.visits_p95! - season.visits_p05!) / 2 > 0.35 * season.visits_mean;
  const remarks = [
    ...new Set([
      ...(wide ? [`${portText(season.port)}: uncertain count, because few visits are seen; more images would narrow it`] : []),
      ...page.answer.seasons.flatMap((one) => one.notes),
      ...page.run.notes,
    ]),
  ];
  return (
    <section id="answer" aria-label="The answer">
      <Headline page={page} season={season} year={year} />
      <Tiles page={page} season={season} year={year} />
      {year && year.scenarios[0]!.barrels[2]! > 0 && <Changes year={year} />}
      {remarks.length > 0 && (
        <ul class="remarks" aria-label="What was missing">
          {remarks.map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      )}
      <Ports page={page} />
    </section>
  );
}
