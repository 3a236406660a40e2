// Every visit as a compact card, for print.
import { Picture } from "./chips";
import { type Chip, evidence, type Page, type Ship, type Visit } from "./data";
import { best } from "./gallery";
import { SimulatedMark } from "./simulated";
import { disagreement, ownText, supposedText } from "./own";
import { collectionText, day, LOAD_TEXT, moment, portText, reasonText, withError, WORDS } from "./text";

/** Images listed on a card; the page on a screen has the others. */
const IMAGES_MAX = 8;

function PrintedImage({ ship }: { ship: Ship }) {
  return (
    <li>
      {moment(ship.t)}, {collectionText(ship.collection)}: <b>{LOAD_TEXT[ship.load]}</b>
      {ship.fb != null && `, deck ${withError(ship.fb, ship.fb_s, 1)} above the water`}
      {ship.load === "indeterminate" && ship.reason && ` (${reasonText(ship.reason)})`} <small>{ship.scene}</small>
    </li>
  );
}

const bounds = (first: number | null, second: number | null, what: string) =>
  first == null ? `${what} before the image of ${moment(second)}` : second == null ? `${what} after the image of ${moment(first)}` : `${what} between the images of ${moment(first)} and ${moment(second)}`;

function PrintedVisit({ visit, chips }: { visit: Visit; chips: Record<string, Chip> }) {
  const ship = best(visit, chips);
  const first = day(visit.arrived_before), last = day(visit.departed_after);
  const differ = disagreement(visit);
  return (
    <article class="printed">
      <div>
        <Picture chip={ship ? chips[ship.id] : undefined} traced azimuth={ship?.sun_az ?? null} alt={`Ship on ${day(ship?.t)}`} why="No picture" />
        <p class="credit">{ship ? `Image of ${moment(ship.t)}` : ""}</p>
      </div>
      <div>
        <h3>
          <SimulatedMark /> Visit at {portText(visit.port)}, seen {first === last ? `on ${first}` : `from ${first} to ${last}`}
        </h3>
        <p>
          <b>{ownText(visit)}</b>
        </p>
        <ul>
          {visit.ships.slice(0, IMAGES_MAX).map((one) => (
            <PrintedImage key={one.id} ship={one} />
          ))}
          {visit.ships.length > IMAGES_MAX && <li>and {visit.ships.length - IMAGES_MAX} more images, in the list of ships</li>}
        </ul>
        <p class="inferred">
          {WORDS.supposed}: {supposedText(visit)}. {differ && <b>{differ}</b>}
        </p>
        <p>
          {bounds(visit.arrived_after, visit.arrived_before, "Arrived")}. {bounds(visit.departed_after, visit.departed_before, "Departed")}. Size:{" "}
          {withError(visit.length_m, visit.length_sigma_m)} by {withError(visit.beam_m, visit.beam_sigma_m)}. <small>{visit.id}</small>
        </p>
      </div>
    </article>
  );
}

/** All visits, in the order of time. */
export function PrintedVisits({ page }: { page: Page }) {
  const { chips } = evidence();
  if (!page.visits.length) return null;
  return (
    <section id="printed" aria-labelledby="printed-head">
      <h2 id="printed-head">
        Every visit <SimulatedMark />
      </h2>
      {page.run.credits.map((one) => (
        <p class="credit" key={one}>
          {one}
        </p>
      ))}
      {page.visits.map((visit) => (
        <PrintedVisit key={visit.id} visit={visit} chips={chips} />
      ))}
    </section>
  );
}
