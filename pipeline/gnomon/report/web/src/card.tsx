// The evidence of one visit, ship or observation; its address can be cited.
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { Picture, Strip } from "./chips";
import { Freeboard, Weights } from "./curves";
import { type Candidate, evidence, type Observation, type Page, type Ship, type Visit } from "./data";
import { Decide } from "./decide";
import { Opened } from "./filter";
import type { Decisions, Feature } from "./review";
import {
  collectionWords, day, fixed, LOAD_WORDS, moment, percent, portWords, reasonWords, rough, signed, shortMoment, skyWords, tradeWords, whole, withError,
} from "./words";

export interface Shown {
  visit: Visit | null;
  ship: Ship | null;
  observation: Observation | null;
}

/** What an address stands for, or null. */
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
  said: string;
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

function ShipCard({ page, shown, decisions, decide, said }: Props) {
  const { visit } = shown;
  const [chosen, choose] = useState(shown.ship);
  const [traced, setTraced] = useState(true);
  const seen = evidence();
  const ships = visit?.ships.length ? visit.ships : chosen ? [chosen] : [];
  return (
    <>
      <header>
        <h2 id="card-head">
          {visit ? `Visit at ${portWords(visit.port)}` : `Ship at ${portWords(chosen!.port)}`}
          <span class="soft">{visit ? `${day(visit.arrived_p50)} to ${day(visit.departed_p50)}` : moment(chosen!.t)}</span>
        </h2>
        {visit && <p class="trade">{tradeWords(visit)}</p>}
      </header>
      {ships.length > 0 ? (
        <>
          <label class="switch">
            <input type="checkbox" checked={traced} onChange={() => setTraced(!traced)} />
            <span>
              Outline <i class="key hull" /> and shadow <i class="key shadow" />
            </span>
          </label>
          <Strip visit={visit} ships={ships} chosen={chosen} choose={choose} seen={seen} traced={traced} />
        </>
      ) : (
        <p>None of the ships of this visit is in detections.parquet.</p>
      )}
      <div class="columns">
        <div>
          {chosen && <Freeboard ship={chosen} curve={seen.curves[chosen.id]} />}
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
        <Decide ship={chosen} visit={visit} last={decisions.get(chosen.id)} decide={decide} said={said} />
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
  const between = (a: number | null, b: number | null) =>
    `${a == null ? "no look before" : shortMoment(a)} – ${b == null ? "no look after" : shortMoment(b)}`;
  return (
    <Facts
      name="The visit"
      facts={[
        ["Came", <>{shortMoment(visit.arrived_p50)} <small>nine in ten {between(visit.arrived_p05, visit.arrived_p95)}; looks say {between(visit.arrived_after, visit.arrived_before)}</small></>],
        ["Left", <>{shortMoment(visit.departed_p50)} <small>nine in ten {between(visit.departed_p05, visit.departed_p95)}; looks say {between(visit.departed_after, visit.departed_before)}</small></>],
        ["Load", <>in: laden {percent(visit.p_laden_in)}; out: laden {percent(visit.p_laden_out)} <small>loaded {percent(visit.p_loaded)}, unloaded {percent(visit.p_unloaded)}</small></>],
        ["Deadweight", <>{rough(visit.deadweight_t)} t <small>within a factor of {fixed(Math.exp(1.645 * (visit.deadweight_log_sigma ?? 0)), 2)}, nine in ten</small></>],
        ["Size", `${withError(visit.length_m, visit.length_sigma_m)} long, ${withError(visit.beam_m, visit.beam_sigma_m)} wide`],
        ["One visit", <>{percent(visit.p_visit)} <small>that just these looks show one ship's visit</small></>],
        ["Small tanker", percent(visit.p_tanker)],
        ["AIS", visit.mmsi ? `MMSI ${visit.mmsi}` : visit.dark === true ? "silent, where others were heard" : visit.dark === false ? "heard" : "none to compare with"],
        ["Went to", visit.onward.length ? <>{visit.onward.map((one) => (
          <span class="onward" key={one.visit}>
            {one.visit ? <a href={`#visit-${encodeURIComponent(one.visit)}`} onClick={(event) => { event.preventDefault(); open(`visit-${one.visit}`); }}>{portWords(one.to!)}</a> : "no port that was seen"} {percent(one.p)}
          </span>
        ))}</> : "not told"],
      ]}
    />
  );
}

function Measured({ ship }: { ship: Ship }) {
  return (
    <Facts
      name={`The ship on ${shortMoment(ship.t)}`}
      facts={[
        ["Load", <>{LOAD_WORDS[ship.load]} {ship.derived && <small>by its likelihood ratio</small>} {ship.reason && <small>{reasonWords(ship.reason)}</small>}</>],
        ["p(laden)", <>{percent(ship.laden)} <small>if she is a tanker, with even odds before; log LR {signed(ship.lr, 2)}</small></>],
        ["Freeboard", withError(ship.fb, ship.fb_s, 1)],
        ["Length, beam", `${withError(ship.length, ship.length_s)}, ${withError(ship.beam, ship.beam_s)}`],
        ["Heading", withError(ship.heading, ship.heading_s, 0, "°")],
        ["A vessel", <>{percent(ship.score)} {ship.tanker != null && <small>a tanker: {percent(ship.tanker)}</small>}</>],
        ["Sun", ship.sun == null ? "not known" : `${fixed(ship.sun, 1)}° high, from ${fixed(ship.sun_az, 0)}°`],
        ["View", ship.view == null ? "not known" : `${fixed(ship.view, 1)}° off the vertical, from ${fixed(ship.view_az, 0)}°`],
        ["Place", <>{ship.zone ?? "–"} <small>{fixed(ship.lat, 5)}, {fixed(ship.lon, 5)}{ship.quay ? "; at a quay" : ""}</small></>],
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
      name="Where it comes from"
      facts={[
        ["Provider", <>{collectionWords(ship.collection)} <small>{ship.platform}; {page.run.catalog ?? "catalogue not told"}</small></>],
        ["Item", item ? <a href={item} target="_blank" rel="noopener noreferrer">{ship.scene}</a> : ship.scene],
        ["Taken", moment(ship.t)],
        ["Pixel", fixed(ship.gsd, ship.gsd && ship.gsd < 1 ? 1 : 0, " m")],
        ...("model" in ship ? ([["Weights", <>{ship.model} {sha && <small class="hash">sha256 {sha}</small>}</>]] as Fact[]) : []),
        ["Run", <span class="hash">{ship.digest}</span>],
        ...("id" in ship ? ([["Detection", <span class="hash">{String(ship.id)}</span>]] as Fact[]) : []),
      ]}
    />
  );
}

function reasons(one: Candidate, visit: Visit): string {
  if (one.name === "unregistered") return "a ship that the register does not have is always possible";
  const said: string[] = [];
  const length = Number(one.length_m);
  if (length) said.push(`registered ${whole(length)} m, measured ${withError(visit.length_m, visit.length_sigma_m)}`);
  const weight = Number(one.deadweight_t);
  if (weight) said.push(`${whole(weight)} t${length ? "" : ` (about ${Math.cbrt(weight / 0.0062).toFixed(0)} m), measured ${withError(visit.length_m, visit.length_sigma_m)}`}`);
  if (!said.length) said.push("size not registered: agrees with every small tanker");
  if (one.listing) said.push(one.listing);
  return said.join("; ");
}

function Who({ page, visit }: { page: Page; visit: Visit }) {
  const [all, setAll] = useState(false);
  const shown = all ? visit.candidates : visit.candidates.slice(0, 6);
  if (!visit.candidates.length) return null;
  const best = visit.candidates.find((one) => one.name !== "unregistered");
  return (
    <>
      <h3>Which ship she may be</h3>
      {(best?.p ?? 0) < 0.5 && <p class="soft">No name is likelier than not.</p>}
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
          Look at {portWords(observation.port)} <span class="soft">{moment(observation.t)}</span>
        </h2>
        <p class="trade">
          {observation.ships.length ? `${observation.ships.length} ship${observation.ships.length > 1 ? "s" : ""}` : "no ship"}; {skyWords(observation)}
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
              <span class={`mark ${ship.load}`}>{LOAD_WORDS[ship.load]}</span>
            </button>
          </li>
        ))}
      </ol>
      <div class="columns">
        <div>
          <Facts
            name="What could be seen"
            facts={[
              ["State", skyWords(observation)],
              ["Port's water", percent(observation.usable)],
              ...Object.entries(observation.zones).map(([name, part]): Fact => [name, percent(part)]),
              ["Sun", observation.sun == null ? "not known" : `${fixed(observation.sun, 1)}° high`],
              ["View", observation.view == null ? "not known" : `${fixed(observation.view, 1)}° off the vertical`],
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
