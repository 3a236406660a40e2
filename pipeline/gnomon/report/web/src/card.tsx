// The evidence of one visit, ship or observation; its address can be cited.
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { Picture, Strip } from "./chips";
import { Freeboard, Weights } from "./posteriors";
import { type Candidate, evidence, type Observation, type Page, type Ship, type Visit } from "./data";
import { Decide } from "./decide";
import { Opened } from "./filter";
import type { Decisions, Feature } from "./review";
import {
  collectionText, day, fixed, LOAD_TEXT, moment, percent, portText, reasonText, rough, signed, shortMoment, skyText, tradeText, whole, withError, zoneText,
} from "./text";

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

function ShipCard({ page, shown, decisions, decide, status }: Props) {
  const { visit } = shown;
  const [chosen, choose] = useState(shown.ship);
  const [traced, setTraced] = useState(true);
  const seen = evidence();
  const ships = visit?.ships.length ? visit.ships : chosen ? [chosen] : [];
  return (
    <>
      <header>
        <h2 id="card-head">
          {visit ? `Visit at ${portText(visit.port)}` : `Ship at ${portText(chosen!.port)}`}
          <span class="soft">{visit ? `${day(visit.arrived_p50)} to ${day(visit.departed_p50)}` : moment(chosen!.t)}</span>
        </h2>
        {visit && <p class="trade">{tradeText(visit)}</p>}
      </header>
      {ships.length > 0 ? (
        <>
          <label class="switch">
            <input type="checkbox" checked={traced} onChange={() => setTraced(!traced)} />
            <span>
              Outline <i class="key hull" /> and edge of the shadow <i class="key shadow" />
            </span>
          </label>
          <Strip visit={visit} ships={ships} chosen={chosen} choose={choose} seen={seen} traced={traced} />
        </>
      ) : (
        <p>None of the ships of this visit is among the detections of the run.</p>
      )}
      <div class="columns">
        <div>
          {chosen && <Freeboard ship={chosen} posterior={seen.posteriors[chosen.id]} />}
          <Weights ships={ships} visit={visit} />
          {visit && <Who page={page} visit={visit} />}
        </div>
        <div>
          {visit && <Stay visit={visit} />}
          {chosen && <Measured ship={chosen} />}
          {chosen && <Source page={page} ship={chosen} />}
        </div>
      </div>
      {chosen && (
        <Decide ship={chosen} visit={visit} last={decisions.get(chosen.id)} decide={decide} status={status} />
      )}
    </>
  );
}

type Fact = [string, preact.ComponentChildren];
function Facts({ name, facts }: { name: string; facts: Fact[] }) {
  return (
    <>
      <h3>{name}</h3>
      <dl class="facts">
        {facts.map(([what, value]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Stay({ visit }: { visit: Visit }) {
  const open = useContext(Opened);
  const interval = (low: number, high: number) => `90 % interval ${shortMoment(low)} – ${shortMoment(high)}`;
  const between = (first: number | null, second: number | null) =>
    first == null
      ? `no clear image before that of ${shortMoment(second)}`
      : second == null
        ? `no clear image after that of ${shortMoment(first)}`
        : `between the images of ${shortMoment(first)} and ${shortMoment(second)}`;
  return (
    <Facts
      name="The visit"
      facts={[
        ["Arrived", <>{shortMoment(visit.arrived_p50)} <small>{interval(visit.arrived_p05, visit.arrived_p95)}; {between(visit.arrived_after, visit.arrived_before)}</small></>],
        ["Departed", <>{shortMoment(visit.departed_p50)} <small>{interval(visit.departed_p05, visit.departed_p95)}; {between(visit.departed_after, visit.departed_before)}</small></>],
        ["Load", <>chance laden on arrival {percent(visit.p_laden_in)}, on departure {percent(visit.p_laden_out)} <small>loaded {percent(visit.p_loaded)}, unloaded {percent(visit.p_unloaded)}</small></>],
        ["Deadweight", <>{rough(visit.deadweight_t)} t <small>90 % interval: within a factor of {fixed(Math.exp(1.645 * (visit.deadweight_log_sigma ?? 0)), 2)}</small></>],
        ["Size", `${withError(visit.length_m, visit.length_sigma_m)} long, ${withError(visit.beam_m, visit.beam_sigma_m)} wide`],
        ["One visit", <>{percent(visit.p_visit)} <small>chance that these images, and no others, show one visit of one ship</small></>],
        ["Small tanker", <>{percent(visit.p_tanker)} <small>chance</small></>],
        ["AIS", visit.mmsi ? `MMSI ${visit.mmsi}` : visit.dark === true ? "silent, while other ships were received" : visit.dark === false ? "received" : "no AIS data"],
        ["Sailed to", visit.onward.length ? <>{visit.onward.map((one) => (
          <span class="onward" key={one.visit}>
            {one.visit ? <a href={`#visit-${encodeURIComponent(one.visit)}`} onClick={(event) => { event.preventDefault(); open(`visit-${one.visit}`); }}>{portText(one.to!)}</a> : "no observed port"} {percent(one.p)}
          </span>
        ))}</> : "unknown"],
      ]}
    />
  );
}

function Measured({ ship }: { ship: Ship }) {
  return (
    <Facts
      name={`The ship on ${shortMoment(ship.t)}`}
      facts={[
        ["Load", <>{LOAD_TEXT[ship.load]} {ship.derived && <small>from its likelihood ratio</small>} {ship.reason && <small>{reasonText(ship.reason)}</small>}</>],
        ["Chance laden", <>{percent(ship.laden)} <small>if it is a tanker, from even odds; log likelihood ratio {signed(ship.lr, 2)}</small></>],
        ["Freeboard", withError(ship.fb, ship.fb_s, 1)],
        ["Length, beam", `${withError(ship.length, ship.length_s)}, ${withError(ship.beam, ship.beam_s)}`],
        ["Heading", withError(ship.heading, ship.heading_s, 0, "°")],
        ["Is a ship", <>{percent(ship.score)} {ship.tanker != null && <small>is a tanker: {percent(ship.tanker)}</small>}</>],
        ["Sun", ship.sun == null ? "unknown" : `${fixed(ship.sun, 1)}° high, from ${fixed(ship.sun_az, 0)}°`],
        ["View", ship.view == null ? "unknown" : `${fixed(ship.view, 1)}° off the vertical, from ${fixed(ship.view_az, 0)}°`],
        ["Place", <>{zoneText(ship.zone)} <small>{fixed(ship.lat, 5)}, {fixed(ship.lon, 5)}{ship.quay ? "; at a quay" : ""}</small></>],
      ]}
    />
  );
}

const http = (href: string | undefined) => (href && /^https?:/.test(href) ? href : null);

function Source({ page, ship }: { page: Page; ship: Ship | Observation }) {
  const href = page.items[ship.scene];
  const item = href && (http(href) || (!/^[a-z]+:/i.test(href) && location.protocol === "file:")) ? href : null;
  const sha = page.run.weights.sha256;
  return (
    <Facts
      name="Source"
      facts={[
        ["Provider", <>{collectionText(ship.collection)} <small>{ship.platform}; {page.run.catalog ?? "unknown catalogue"}</small></>],
        ["STAC item", item ? <a href={item} target="_blank" rel="noopener noreferrer">{ship.scene}</a> : ship.scene],
        ["Taken", moment(ship.t)],
        ["Pixel size", fixed(ship.gsd, ship.gsd && ship.gsd < 1 ? 1 : 0, " m")],
        ...("model" in ship ? ([["Weights", <>{ship.model} {sha && <small class="hash">sha256 {sha}</small>}</>]] as Fact[]) : []),
        ["Run", <span class="hash">{ship.digest}</span>],
        ...("id" in ship ? ([["Detection", <span class="hash">{String(ship.id)}</span>]] as Fact[]) : []),
      ]}
    />
  );
}

function reasons(one: Candidate, visit: Visit): string {
  if (one.name === "unregistered") return "a ship that is not in the register is always possible";
  const parts: string[] = [];
  const length = Number(one.length_m);
  if (length) parts.push(`registered ${whole(length)} m, measured ${withError(visit.length_m, visit.length_sigma_m)}`);
  const weight = Number(one.deadweight_t);
  if (weight) parts.push(`${whole(weight)} t${length ? "" : ` (about ${Math.cbrt(weight / 0.0062).toFixed(0)} m), measured ${withError(visit.length_m, visit.length_sigma_m)}`}`);
  if (!parts.length) parts.push("size not registered: fits every small tanker");
  if (one.listing) parts.push(one.listing);
  return parts.join("; ");
}

function Who({ page, visit }: { page: Page; visit: Visit }) {
  const [all, setAll] = useState(false);
  const shown = all ? visit.candidates : visit.candidates.slice(0, 6);
  if (!visit.candidates.length) return null;
  const best = visit.candidates.find((one) => one.name !== "unregistered");
  return (
    <>
      <h3>Which ship it may be</h3>
      {(best?.p ?? 0) < 0.5 && <p class="soft">No name has a chance above 50 %.</p>}
      <table class="who">
        <thead>
          <tr>
            <th scope="col">Ship</th>
            <th scope="col">Chance</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.name}>
              <th scope="row">
                {one.name === "unregistered" ? "none of these" : one.name} {one.imo && <small>IMO {one.imo}</small>}
              </th>
              <td>{percent(one.p)}</td>
              <td>{reasons(one, visit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {visit.candidates.length > shown.length && (
        <button type="button" onClick={() => setAll(true)}>
          All {page.visits.length ? visit.candidates.length : ""} candidates
        </button>
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
        <h2 id="card-head">
          Image of {portText(observation.port)} <span class="soft">{moment(observation.t)}</span>
        </h2>
        <p class="trade">
          {observation.ships.length ? `${observation.ships.length} ship${observation.ships.length > 1 ? "s" : ""}` : "no ship"}; {skyText(observation)}
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
              <span class={`mark ${ship.load}`}>{LOAD_TEXT[ship.load]}</span>
            </button>
          </li>
        ))}
      </ol>
      <div class="columns">
        <div>
          <Facts
            name="What was visible"
            facts={[
              ["Visibility", skyText(observation)],
              ["Water of the port", percent(observation.usable)],
              ...Object.entries(observation.zones).map(([name, part]): Fact => [zoneText(name), percent(part)]),
              ["Sun", observation.sun == null ? "unknown" : `${fixed(observation.sun, 1)}° high`],
              ["View", observation.view == null ? "unknown" : `${fixed(observation.view, 1)}° off the vertical`],
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
