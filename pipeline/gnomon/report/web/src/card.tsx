// The evidence of one visit, ship or observation; its address can be cited.
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { Picture, Strip } from "./chips";
import { evidence, type Observation, type Page, type Ship, simulated, type Visit } from "./data";
import { Decide } from "./decide";
import { type Fact, Facts, Measured, Source, Stay, Supposed, Who } from "./facts";
import { hasLoads, Opened } from "./filter";
import { Term } from "./glossary";
import { ownText, seenText, togetherText } from "./own";
import { Freeboard, Weights } from "./posteriors";
import type { Decisions, Feature } from "./review";
import { countText, fixed, LOAD_TEXT, moment, part, percent, portText, skyText, WORDS, zoneText } from "./text";

export interface Shown {
  visit: Visit | null;
  ship: Ship | null;
  observation: Observation | null;
}

/** The visit, ship or observation at an address, or null. */
export function shownAt(page: Page, address: string): Shown | null {
  const name = (prefix: string) => (address.startsWith(prefix) ? address.slice(prefix.length) : null);
  const visit = page.visit.get(name("visit-") ?? "");
  if (visit) return { visit, ship: visit.ships[0] ?? null, observation: null };
  const ship = page.ship.get(name("ship-") ?? "");
  if (ship) return { visit: ship.visit, ship, observation: null };
  const observation = page.observation.get(name("observation-") ?? "");
  return observation ? { visit: null, ship: null, observation } : null;
}

interface Props {
  page: Page;
  shown: Shown;
  address: string;
  close: () => void;
  step: (by: number) => void;
  decisions: Decisions;
  decide: (features: Feature[]) => void;
  status: string;
}

export function Card(props: Props) {
  const { page, shown, address, close, step } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!dialog.current!.open) dialog.current!.showModal();
    dialog.current!.scrollTop = 0;
    dialog.current!.focus();
  }, [address]);
  const keys = (event: KeyboardEvent) => {
    if ((event.target as Element).closest("input, select, textarea, [role=application]")) return;
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
  };
  const backdrop = (event: MouseEvent) => {
    if (event.target === dialog.current) close();
  };
  return (
    <dialog ref={dialog} class="card" aria-labelledby="card-head" tabIndex={-1} onClose={close} onKeyDown={keys} onClick={backdrop}>
      <div class="inside">
        <nav class="bar" aria-label="Card">
          <button type="button" onClick={() => step(-1)}>
            ← earlier
          </button>
          <button type="button" onClick={() => step(1)}>
            later →
          </button>
          <a class="link" href={`#${encodeURIComponent(address)}`}>
            #{address}
          </a>
          <button type="button" onClick={() => window.print()}>
            Print
          </button>
          <button type="button" class="close" onClick={() => dialog.current!.close()}>
            Close <kbd>Esc</kbd>
          </button>
        </nav>
        {shown.observation ? <ObservationCard page={page} observation={shown.observation} /> : <ShipCard key={address} {...props} />}
      </div>
    </dialog>
  );
}

function Head({ page, visit, ship }: { page: Page; visit: Visit | null; ship: Ship | null }) {
  const together = visit ? togetherText(visit) : "";
  return (
    <header>
      {simulated() && <SimulatedTag />}
      <h2 id="card-head">
        {visit ? `${ownText(visit)}.` : `Ship in one image: ${LOAD_TEXT[ship!.load]}.`}
        <span class="soft">
          {visit ? `Visit at ${portText(visit.port)}, ${seenText(visit)}` : `${portText(ship!.port)}, ${moment(ship!.t)}`}
        </span>
      </h2>
      {!visit && <p class="soft">{page.answer.seasons.length ? "It is not counted as a visit of a small tanker." : "Visits were not inferred."}</p>}
      {together && <p class="own">All its images together: {together}.</p>}
    </header>
  );
}

export const SimulatedTag = () => (
  <p class="tag">
    <Term of="simulated">{WORDS.simulated}</Term>
  </p>
);

function ShipCard({ page, shown, decisions, decide, status }: Props) {
  const { visit } = shown;
  const [chosen, choose] = useState(shown.ship);
  const [traced, setTraced] = useState(true);
  const seen = evidence();
  const ships = visit?.ships.length ? visit.ships : chosen ? [chosen] : [];
  return (
    <>
      <Head page={page} visit={visit} ship={chosen} />
      {ships.length > 0 ? (
        <>
          <label class="switch">
            <input type="checkbox" checked={traced} onChange={() => setTraced(!traced)} />
            <span>
              Outline <i class="key hull" /> {hasLoads(page) && <>and edge of the shadow <i class="key shadow" /></>}
            </span>
          </label>
          <Strip page={page} visit={visit} ships={ships} chosen={chosen} choose={choose} seen={seen} traced={traced} />
        </>
      ) : (
        <p>No image of this visit is in this run.</p>
      )}
      {visit && <Supposed visit={visit} />}
      <div class="columns">
        <div>
          {chosen && <Freeboard ship={chosen} posterior={seen.posteriors[chosen.id]} />}
          {hasLoads(page) && <Weights ships={ships} visit={visit} />}
          {visit && <Who visit={visit} />}
        </div>
        <div>
          {visit && <Stay page={page} visit={visit} />}
          {chosen && <Measured ship={chosen} />}
          {chosen && <Source page={page} ship={chosen} />}
        </div>
      </div>
      {chosen && (
        <Decide page={page} ship={chosen} visit={visit} last={decisions.get(chosen.id)} decide={decide} status={status} />
      )}
    </>
  );
}

function ObservationCard({ page, observation }: { page: Page; observation: Observation }) {
  const open = useContext(Opened);
  const seen = evidence();
  return (
    <>
      <header>
        {simulated() && <SimulatedTag />}
        <h2 id="card-head">
          Image of {portText(observation.port)} <span class="soft">{moment(observation.t)}</span>
        </h2>
        <p class="trade">
          {countText(observation)}; {skyText(observation)}
        </p>
      </header>
      <ol class="chips small">
        {observation.ships.map((ship) => (
          <li key={ship.id}>
            <button type="button" onClick={() => open(`ship-${ship.id}`)}>
              <Picture chip={seen.chips[ship.id]} traced={false} azimuth={null} alt={`Ship of ${fixed(ship.length, 0)} m`} why="No picture" />
              <b>
                {fixed(ship.length, 0)} × {fixed(ship.beam, 0)} m
              </b>
              {hasLoads(page) ? <span class={`mark ${ship.load}`}>{LOAD_TEXT[ship.load]}</span> : <span>is a ship: {percent(ship.score)}</span>}
            </button>
          </li>
        ))}
      </ol>
      <div class="columns">
        <div>
          <Facts
            name="What was visible"
            facts={[
              [<Term of="cloud">Visibility</Term>, skyText(observation)],
              ["Water of the port", part(observation.usable)],
              ...Object.entries(observation.zones).map(([name, seen]): Fact => [zoneText(name), part(seen)]),
              ["Sun", observation.sun == null ? "unknown" : `${fixed(observation.sun, 1)}° high`],
              ["Satellite", observation.view == null ? "unknown" : `${fixed(observation.view, 1)}° off the vertical`],
            ]}
          />
        </div>
        <div>
          <Source page={page} ship={observation} />
        </div>
      </div>
    </>
  );
}
