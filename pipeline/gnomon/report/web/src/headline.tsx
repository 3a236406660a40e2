// The answer in a sentence, and in numbers: each interval before its middle value.
import type { Page, Season, Three, Year } from "./data";
import { explained } from "./glossary";
import { SimulatedMark } from "./simulated";
import { day, percent, portText, rough, whole } from "./text";
import { exceeded, exceededName, imageCounts, imagesText, periodText, verdict } from "./verdict";

const SURE = 0.95;

/** Which way the oil goes, and how sure that is. */
export function directionText(p: number | null): [string, string] {
  if (p == null) return ["unknown", "no image"];
  if (p > SURE) return ["ships load", `chance ${percent(p)}`];
  if (p < 1 - SURE) return ["ships unload", `chance ${percent(1 - p)}`];
  return ["unclear", `chance ${percent(p)} that ships load`];
}

/** The numbers of the ports that the ledger counts from. */
export const loadingSeasons = (page: Page): Season[] =>
  page.answer.seasons.filter((one) => page.answer.loading.includes(one.port));

const between = (low: number | null, high: number | null) => (low === high ? rough(low) : `${rough(low)} to ${rough(high)}`);

function Barrels({ page, year }: { page: Page; year: Year }) {
  const first = year.scenarios[0]!;
  const [low, middle, high] = first.barrels;
  const ports = page.answer.loading.map(portText).join(" and ");
  return (
    <>
      <span class="verdict">{verdict(first.p_over)}</span> {between(low, high)} barrels{" "}
      {ports ? `left ${ports}` : "were loaded (at which ports is not known)"} {periodText(year)}{" "}
      <span class="soft">
        {explained(`(90 % interval; middle ${rough(middle)}), against a cap of ${whole(year.cap)} for all of ${year.year}.`)}
      </span>
    </>
  );
}

function Ships({ page }: { page: Page }) {
  const ports = page.answer.seasons.length;
  const { usable } = imageCounts(page);
  if (!usable) return <>{imagesText(page)}</>;
  return (
    <>
      {whole(page.ships.length)} ship{page.ships.length === 1 ? "" : "s"} in {whole(usable)} usable image{usable === 1 ? "" : "s"}.{" "}
      <span class="soft">
        {ports ? `Visits were inferred for ${whole(ports)} port${ports > 1 ? "s" : ""}; barrels were not estimated.` : "Visits were not inferred."}
      </span>
    </>
  );
}

export function Headline({ page, year, pending }: { page: Page; year: Year | undefined; pending: string | null }) {
  return (
    <>
      <h1>
        <SimulatedMark /> {year?.scenarios.length ? <Barrels page={page} year={year} /> : <Ships page={page} />}
      </h1>
      {pending && (
        <p class="pending" role="note">
          {pending}
        </p>
      )}
      <p class="soft counts">{imagesText(page)}</p>
    </>
  );
}

function Tile({ name, value, more }: { name: string; value: string; more: string }) {
  return (
    <div class="tile">
      <dt>{explained(name)}</dt>
      <dd>
        <b>{value}</b>
        <span>{more}</span>
      </dd>
    </div>
  );
}

const Spread = ({ name, of, more }: { name: string; of: Three; more: string }) => (
  <Tile name={name} value={between(of[0], of[2])} more={`90 % interval; middle ${rough(of[1])}${more}`} />
);

function PortTiles({ season }: { season: Season }) {
  const [way, sure] = directionText(season.p_exports);
  const loads = (season.p_exports ?? 0) >= 0.5;
  const part = loads
    ? ([season.loaded_p05, season.loaded_p50, season.loaded_p95] as const)
    : ([season.unloaded_p05, season.unloaded_p50, season.unloaded_p95] as const);
  return (
    <>
      {season.visits_p50 == null ? (
        <Tile name={`Visits at ${portText(season.port)}`} value="unknown" more="no image of this port could be used" />
      ) : (
        <Spread
          name={`Visits at ${portText(season.port)}`}
          of={[season.visits_p05, season.visits_p50, season.visits_p95]}
          more={`; ${rough(season.seen_p50)} of them seen`}
        />
      )}
      <Tile
        name={`Direction of trade at ${portText(season.port)}`}
        value={way}
        more={`${sure}${part[1] == null ? "" : `; ${between(part[0], part[2])} visits ${loads ? "loaded" : "unloaded"}, middle ${rough(part[1])}`}`}
      />
    </>
  );
}

function Vessels({ page }: { page: Page }) {
  const { vessels } = page.answer;
  const named = vessels.named.map(([name]) => name);
  return (
    <Tile
      name="Different ships"
      value={`${Math.max(named.length, vessels.at_once)} or more`}
      more={
        named.length
          ? `identified by name: ${named.slice(0, 4).join(", ")}${named.length > 4 ? " and others" : ""}; ${vessels.at_once} in port at the same time`
          : "so many were in port at the same time; sizes alone identify none by name"
      }
    />
  );
}

function LedgerTiles({ page, year }: { page: Page; year: Year }) {
  const first = year.scenarios[0]!;
  const date = first.p_over >= 0.5 && first.passed[1] != null;
  return (
    <>
      <Spread name="Tonnes" of={first.tonnes} more={`, as ${page.answer.product ?? "product"}`} />
      <Spread
        name="Barrels"
        of={first.barrels}
        more={year.reported ? `; others reported ${whole(year.reported)} under the same cap` : ""}
      />
      <Tile name={`Over ${whole(year.cap)} in ${year.year}`} value={percent(first.p_over)} more="chance that the cap was exceeded" />
      <Tile
        name={exceededName(first.p_over)}
        value={exceeded(first)}
        more={
          date
            ? `90 % interval ${day(first.passed[0])} to ${day(first.passed[2])}, if it was exceeded`
            : `chance ${percent(first.p_over)} that it was`
        }
      />
    </>
  );
}

export function Tiles({ page, year }: { page: Page; year: Year | undefined }) {
  return (
    <dl class="tiles">
      {loadingSeasons(page).map((season) => (
        <PortTiles key={season.port} season={season} />
      ))}
      {page.answer.visits > 0 && <Vessels page={page} />}
      {year?.scenarios.length ? <LedgerTiles page={page} year={year} /> : null}
    </dl>
  );
}
