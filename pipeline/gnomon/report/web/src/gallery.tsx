// The strongest picture of the run with what it shows, and a picture of each visit.
import { useContext, useMemo, useState } from "preact/hooks";
import { Picture } from "./chips";
import { type Chip, evidence, type Page, type Ring, type Ship, type Visit } from "./data";
import { useTurn } from "./deferred";
import { hasLoads, Opened } from "./filter";
import { addressOf } from "./items";
import { SimulatedMark } from "./simulated";
import { collectionText, day, fixed, LOAD_NAMES, LOAD_TEXT, moment, percent, portText, reasonText, withError } from "./text";

/** Visits drawn at first; a button shows the others. */
const AT_ONCE = 200;

type Place = [number, number];
const gap = (a: Place, b: Place) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** The two corners of an outline that are farthest apart. */
function farthest(ring: Ring): [Place, Place] {
  let best: [Place, Place] = [ring[0]!, ring[0]!];
  for (const a of ring) for (const b of ring) if (gap(a, b) > gap(...best)) best = [a, b];
  return best;
}

const middle = (ring: Ring): Place => [
  ring.reduce((sum, one) => sum + one[0], 0) / ring.length,
  ring.reduce((sum, one) => sum + one[1], 0) / ring.length,
];

/** Directions along a hull, and across it to the side without a shadow; and its length. */
function axesOf(chip: Chip, hull: Ring) {
  const [bow, stern] = farthest(hull), length = gap(bow, stern) || 1;
  const along: Place = [(stern[0] - bow[0]) / length, (stern[1] - bow[1]) / length];
  const across: Place = [-along[1], along[0]];
  const shade = middle(chip.shadow ?? hull), centre = middle(hull);
  const lit = (shade[0] - centre[0]) * across[0] + (shade[1] - centre[1]) * across[1] > 0 ? -1 : 1;
  const width = 2 * Math.max(...hull.map(([x, y]) => Math.abs((x - centre[0]) * across[0] + (y - centre[1]) * across[1])));
  return { along, across: [across[0] * lit, across[1] * lit] as Place, centre, length, width };
}

/** A line as long as the hull, on the side without a shadow, and its length in metres. */
function Length({ chip, ship }: { chip: Chip; ship: Ship }) {
  const hull = chip.hull ?? chip.detected;
  if (!hull?.length) return null;
  const { along, across, centre, length, width } = axesOf(chip, hull);
  const { half } = chip;
  const at = (off: number, reach: number): Place => [
    centre[0] + across[0] * off + along[0] * reach,
    // Pictures have north up: rows grow to the south.
    -(centre[1] + across[1] * off + along[1] * reach),
  ];
  const off = width / 2 + half * 0.08;
  const ends = [at(off, -length / 2), at(off, length / 2)] as const;
  const name = at(off + half * 0.09, 0);
  const turn = (Math.atan2(-along[1], along[0]) * 180) / Math.PI;
  const upright = turn > 90 ? turn - 180 : turn < -90 ? turn + 180 : turn;
  return (
    <svg class="measure" viewBox={`${-half} ${-half} ${2 * half} ${2 * half}`} aria-hidden="true">
      <line x1={ends[0][0]} y1={ends[0][1]} x2={ends[1][0]} y2={ends[1][1]} />
      {ends.map(([x, y]) => (
        <circle key={`${x}`} cx={x} cy={y} r={half * 0.014} />
      ))}
      <text transform={`translate(${name[0]} ${name[1]}) rotate(${upright})`} font-size={half * 0.08} text-anchor="middle" dominant-baseline="central">
        {withError(ship.length, ship.length_s)} long
      </text>
    </svg>
  );
}

/** What the image of a ship shows of its load. */
function Load({ ship }: { ship: Ship }) {
  return (
    <>
      this image shows a ship
      {ship.load === "laden" || ship.load === "ballast" ? " " : " whose "}
      <b>{LOAD_TEXT[ship.load]}</b>
      {ship.fb != null && `, its deck ${withError(ship.fb, ship.fb_s, 1)} above the water`}
      {ship.load === "indeterminate" && ship.reason && ` (${reasonText(ship.reason)})`}. No other image of a visit says more of a load.{" "}
    </>
  );
}

export function StrongestPicture({ page }: { page: Page }) {
  const open = useContext(Opened);
  const { strongest } = page;
  const ship = strongest && page.ship.get(strongest.ship);
  if (!ship)
    return (
      <figure class="strongest">
        <div class="frame missing">
          <span>No picture: the page has none of a ship{hasLoads(page) && " whose load an image shows"}</span>
        </div>
      </figure>
    );
  const { chip, credit } = strongest!;
  const item = ship.visit ?? ship;
  return (
    <figure class="strongest">
      <div class="annotated">
        <Picture chip={chip} traced azimuth={ship.sun_az} alt={`Ship at ${portText(ship.port)} on ${day(ship.t)}, north up`} why="" />
        <Length chip={chip} ship={ship} />
      </div>
      <figcaption>
        <p>
          <SimulatedMark /> <b>{moment(ship.t)}</b>, {portText(ship.port)}:{" "}
          {hasLoads(page) ? <Load ship={ship} /> : `a ship (chance ${percent(ship.score)}); of no other large one is gnomon surer. `}
          <a href={`#${encodeURIComponent(addressOf(item))}`} onClick={(event) => { event.preventDefault(); open(addressOf(item)); }}>
            {ship.visit ? "Evidence of this visit" : "Evidence of this ship"}
          </a>
        </p>
        <p class="soft">
          <i class="key hull" /> outline of the hull{chip.shadow && <>; <i class="key shadow" /> edge of its shadow</>}.
          {" "}Arrow: towards the sun. North is up. {collectionText(ship.collection)}.
        </p>
        <p class="credit">{credit}</p>
      </figcaption>
    </figure>
  );
}

/** The ship of a visit whose picture says most of the load. */
export function best(visit: Visit, chips: Record<string, Chip>): Ship | null {
  const shown = visit.ships.filter((ship) => chips[ship.id]);
  const weight = (ship: Ship) => Math.abs(ship.lr ?? 0);
  return shown.reduce<Ship | null>((most, ship) => (most && weight(most) >= weight(ship) ? most : ship), null);
}

function Thumb({ visit, chips }: { visit: Visit; chips: Record<string, Chip> }) {
  const open = useContext(Opened);
  const ship = best(visit, chips);
  const when = day(ship?.t ?? visit.arrived_before);
  const address = addressOf(visit);
  const why = visit.ships.length ? "no picture" : "no ship in this run";
  return (
    <li>
      <a href={`#${encodeURIComponent(address)}`} onClick={(event) => { event.preventDefault(); open(address); }}>
        <Picture chip={ship ? chips[ship.id] : undefined} traced={false} azimuth={null} alt={`Visit at ${portText(visit.port)}, image of ${when}`} why={why} />
        <b>{when}</b>
        <span>{portText(visit.port)}</span>
        {ship && <span class={`mark ${ship.load}`}>{LOAD_NAMES[ship.load]}</span>}
      </a>
    </li>
  );
}

function ShipThumb({ ship, chips, loads }: { ship: Ship; chips: Record<string, Chip>; loads: boolean }) {
  const open = useContext(Opened);
  const address = addressOf(ship);
  return (
    <li>
      <a href={`#${encodeURIComponent(address)}`} onClick={(event) => { event.preventDefault(); open(address); }}>
        <Picture chip={chips[ship.id]} traced={false} azimuth={null} alt={`Ship at ${portText(ship.port)}, image of ${day(ship.t)}`} why="no picture" />
        <b>{day(ship.t)}</b>
        <span>{fixed(ship.length, 0)} m, {percent(ship.score)}</span>
        {loads && <span class={`mark ${ship.load}`}>{LOAD_NAMES[ship.load]}</span>}
      </a>
    </li>
  );
}

/** Where no visits were inferred: a picture of each ship in each image; each opens the ship's card. */
function Ships({ page, chips }: { page: Page; chips: Record<string, Chip> }) {
  const [count, setCount] = useState(AT_ONCE);
  return (
    <div class="visits">
      <h2 id="visits-head">
        All {page.ships.length} ships in the images <SimulatedMark />
      </h2>
      <ol class="thumbs" tabIndex={0} aria-labelledby="visits-head">
        {page.ships.slice(0, count).map((ship) => (
          <ShipThumb key={ship.id} ship={ship} chips={chips} loads={hasLoads(page)} />
        ))}
      </ol>
      <p class="soft">One picture a ship and image, with its length and the chance that it is a ship.</p>
      {count < page.ships.length && (
        <button type="button" onClick={() => setCount(page.ships.length)}>
          Show the other {page.ships.length - count} ships
        </button>
      )}
    </div>
  );
}

/** A picture of each visit, in the order of time; each opens the visit's card. */
export function Visits({ page }: { page: Page }) {
  const [count, setCount] = useState(AT_ONCE);
  const turn = useTurn();
  const chips = useMemo(() => (turn ? evidence().chips : {}), [turn]);
  if (!page.visits.length) return turn && page.ships.length && !page.answer.seasons.length ? <Ships page={page} chips={chips} /> : null;
  const without = page.visits.filter((visit) => !best(visit, chips)).length;
  return (
    <div class="visits">
      <h2 id="visits-head">
        All {page.visits.length} visits that images show <SimulatedMark />
      </h2>
      {turn && (
        <ol class="thumbs" tabIndex={0} aria-labelledby="visits-head">
          {page.visits.slice(0, count).map((visit) => (
            <Thumb key={visit.id} visit={visit} chips={chips} />
          ))}
        </ol>
      )}
      <p class="soft">
        One picture a visit, with what that image alone shows of the load. Visits at every port of the study, tankers or not.
        {turn && without > 0 && ` ${without} have no picture.`}
      </p>
      {count < page.visits.length && (
        <button type="button" onClick={() => setCount(page.visits.length)}>
          Show the other {page.visits.length - count} visits
        </button>
      )}
    </div>
  );
}
