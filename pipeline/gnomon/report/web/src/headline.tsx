// The answer in a sentence, and in numbers: each interval before its middle value.
import type { Page, Season, Three, Year } from "./data";
import { explained } from "./glossary";
import { between, conditionText, middleText, openText, otherwiseText, stated } from "./open";
import { SimulatedMark } from "./simulated";
import { day, percent, portText, rough, whole } from "./text";
import { exceeded, exceededName, imageCounts, imagesText, isUsable, periodText, verdict } from "./verdict";

const SURE = 0.95;
const UNCLEAR = "unclear";

/** Which way the oil goes, and how sure that is. */
export function directionText(p: number | null): [string, string] {
  if (p == null) return ["unknown", "no image"];
  if (p > SURE) return ["ships load", `chance ${percent(p)}`];
  if (p < 1 - SURE) return ["ships unload", `chance ${percent(1 - p)}`];
  return [UNCLEAR, `chance ${percent(p)} that ships load`];
}

/** The numbers of the ports that the ledger counts from. */
export const loadingSeasons = (page: Page): Season[] =>
  page.answer.seasons.filter((one) => page.answer.loading.includes(one.port));

function Barrels({ page, year }: { page: Page; year: Year }) {
  const first = year.scenarios[0]!;
  const { barrels, p_over } = stated(first);
  const condition = conditionText(first);
  const ports = page.answer.loading.map(portText).join(" and ");
  const interval = `(90 % interval${middleText(barrels)})`;
  const cap = `a cap of ${whole(year.cap)} for all of ${year.year}`;
  return (
    <>
      <span class="verdict">{verdict(first.p_over)}</span> {condition && `${condition.replace("if", "If")}, `}
      {between(barrels)} barrels {ports ? `left ${ports}` : "were loaded (at which ports is not known)"} {periodText(year)}{" "}
      {condition ? (
        <>
          <span class="soft">{explained(interval)}</span>; {otherwiseText(first)}.{" "}
          <span class="soft">{explained(`${openText(first)} If they load, chance ${percent(p_over)} that ${cap} was exceeded.`)}</span>
        </>
      ) : (
        <span class="soft">{explained(`${interval}, against ${cap}. ${openText(first)}`.trim())}</span>
      )}
    </>
  );
}

function Ships({ page }: { page: Page }) {
  const ports = page.answer.seasons.length;
  const { usable } = imageCounts(page);
  if (!usable) return <>{imagesText(page)}</>;
  const counts = page.observations.filter(isUsable).map((one) => one.ships.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return (
    <>
      {usable > 1 ? `${least === most ? whole(least) : `${whole(least)} to ${whole(most)}`} ship${most === 1 ? "" : "s"} found in an image` : `${whole(most)} ship${most === 1 ? "" : "s"} found in one image`}
      {usable > 1 && `, ${whole(page.ships.length)} in all ${whole(usable)}`}.{" "}
      <span class="soft">
        {usable > 1 && "A ship that stays counts in every image that shows it. "}
        {ports ? `Visits were inferred for ${whole(ports)} port${ports > 1 ? "s" : ""}; barrels were not estimated.` : "Visits were not inferred."}
      </span>
    </>
  );
}

const named = (seasons: Season[]) => seasons.map((one) => portText(one.port)).join(" and ");

const Warning = ({ text }: { text: string }) => (
  <p class="pending" role="note">
    {explained(text)}
  </p>
);

export function Headline({ page, year, pending }: { page: Page; year: Year | undefined; pending: string | null }) {
  const unsettled = named(loadingSeasons(page).filter((one) => one.preliminary));
  const misfit = named(loadingSeasons(page).filter((one) => one.misfit));
  return (
    <>
      <h1>
        <SimulatedMark /> {year?.scenarios.length ? <Barrels page={page} year={year} /> : <Ships page={page} />}
      </h1>
      {pending && <Warning text={pending} />}
      {unsettled && (
        <Warning text={`Preliminary: the calculation for ${unsettled} has not settled. Give it more draws before these numbers are used.`} />
      )}
      {misfit && (
        <Warning text={`The data for ${misfit} do not fit the model: some images miss what lay there before and after, as haze does that no mask marks. These numbers may be wrong by more than their intervals say.`} />
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
  <Tile name={name} value={between(of)} more={`90 % interval${middleText(of)}${more}`} />
);

function PortTiles({ season }: { season: Season }) {
  const [way, sure] = directionText(season.p_exports);
  const loads = (season.p_exports ?? 0) >= 0.5;
  const part: Three = loads
    ? [season.loaded_p05, season.loaded_p50, season.loaded_p95]
    : [season.unloaded_p05, season.unloaded_p50, season.unloaded_p95];
  // Of an unclear direction a count of visits has two humps, and its middle means nothing.
  const counted = part[1] != null && way !== UNCLEAR;
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
        more={`${sure}${counted ? `; ${between(part)} visits ${loads ? "loaded" : "unloaded"}${middleText(part)}` : ""}`}
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
  const said = stated(first), condition = conditionText(first);
  const named = (name: string) => (condition ? `${name}, ${condition}` : name);
  const date = first.p_over >= 0.5 && first.passed[1] != null;
  return (
    <>
      <Spread name={named("Tonnes")} of={said.tonnes} more={`, as ${page.answer.product ?? "product"}`} />
      <Spread
        name={named("Barrels")}
        of={said.barrels}
        more={year.reported ? `; others reported ${whole(year.reported)} under the same cap` : ""}
      />
      <Tile
        name={`Over ${whole(year.cap)} in ${year.year}`}
        value={percent(first.p_over)}
        more={`chance that the cap was exceeded${condition ? `; ${condition}, ${percent(said.p_over)}` : ""}`}
      />
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
