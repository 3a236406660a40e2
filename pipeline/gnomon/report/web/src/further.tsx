// How well the images allow a port's visits to be counted, and which more images would help.
import type { Page, Season } from "./data";
import { explained } from "./glossary";
import { loadingSeasons } from "./headline";
import { SimulatedMark } from "./simulated";
import { percent, plusMinus, portText, whole } from "./text";

const sensorText = (one: { sensor: string; gsd_m: number }) =>
  `${one.sensor === "sar" ? "radar" : "optical"}, ${one.gsd_m} m`;

function OfPort({ season }: { season: Season }) {
  const own = season.visits_p05 == null ? null : (season.visits_p95! - season.visits_p05) / 2;
  return (
    <section class="further">
      <h2>
        Which more images would help at {portText(season.port)} <SimulatedMark />
      </h2>
      <p>
        {explained(
          `These images show ${percent(season.p_seen)} of the visits at least once. Even somebody who knew how often ships come, how long they stay and how well they are found could count the visits with them only to ${plusMinus(season.ideal_half_width)}, half of the 90 % interval; this result is ${plusMinus(own)}. The table has what that somebody could say with more images.`,
        )}
      </p>
      <div class="wide" tabIndex={0} role="region" aria-label={`Further images of ${portText(season.port)}`}>
        <table>
          <thead>
            <tr>
              {["With these as well", "Visits known to", "Visits seen", "Images a month", "Sensor", "Cost"].map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {season.further.map((one) => (
              <tr key={one.passes}>
                <th scope="row">{one.passes}</th>
                <td>{plusMinus(one.half_width)}</td>
                <td>{percent(one.p_seen)}</td>
                <td>{whole(one.a_month)}</td>
                <td>{sensorText(one)}</td>
                <td>{one.free ? "free" : "paid"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function Further({ page }: { page: Page }) {
  const loading = loadingSeasons(page);
  // Without a study no port is known to be one that loads.
  const seasons = loading.length ? loading : page.answer.seasons;
  const known = seasons.filter((one) => one.ideal_half_width != null && one.further.length > 0);
  return (
    <>
      {known.map((season) => (
        <OfPort key={season.port} season={season} />
      ))}
    </>
  );
}
