// What is known of a visit, a ship and an image, as lists of names and values.
import type { ComponentChildren } from "preact";
import { useContext, useState } from "preact/hooks";
import { betweenText, hiddenText } from "./bounds";
import type { Candidate, Observation, Page, Ship, Visit } from "./data";
import { Opened } from "./filter";
import { Term } from "./glossary";
import { disagreement, shownBy, supposedText } from "./own";
import {
  chance, collectionText, fixed, LOAD_TEXT, moment, oddsText, percent, portText, reasonText, rough, signed, tankerText, whole, withError, WORDS, zoneText,
} from "./text";

export type Fact = [name: ComponentChildren, value: ComponentChildren];
export function Facts({ name, facts }: { name: ComponentChildren; facts: Fact[] }) {
  return (
    <>
      <h3>{name}</h3>
      <dl class="facts">
        {facts.map(([what, value], k) => (
          <div key={k}>
            <dt>{what}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** What no image of this ship shows: the load by the port's other visits. */
export function Supposed({ visit }: { visit: Visit }) {
  const differ = disagreement(visit);
  return (
    <section class="supposition" aria-labelledby="supposed-head">
      <h3 id="supposed-head">
        <Term of="supposed">{WORDS.supposed}</Term>
      </h3>
      <p>
        {supposedText(visit).replace(/^./, (first) => first.toUpperCase())}. Laden on arrival: {chance(visit.p_laden_in)}; laden on departure:{" "}
        {chance(visit.p_laden_out)}. {!differ && (shownBy(visit) ? "Its own images say the same." : "Its own images do not show it.")}
      </p>
      {differ && <p class="differ">{differ}</p>}
    </section>
  );
}

const Ends = ({ page, visit, when }: { page: Page; visit: Visit; when: "before" | "after" }) => {
  const hidden = hiddenText(page, visit, when);
  const [low, middle, high] = (when === "before" ? ["arrived_p05", "arrived_p50", "arrived_p95"] : ["departed_p05", "departed_p50", "departed_p95"]).map((name) => moment(visit[name]));
  return (
    <>
      {betweenText(visit, when)}
      {hidden && <small class="hidden-images">{hidden}</small>}
      <small class="guess">
        supposed: about {middle} (<Term of="90 % interval" /> {low} to {high})
      </small>
    </>
  );
};

function Onward({ visit }: { visit: Visit }) {
  const open = useContext(Opened);
  if (!visit.onward.length) return <>unknown</>;
  return (
    <span class="guess">
      {visit.onward.map((one) => (
        <span class="onward" key={one.visit}>
          {one.visit ? (
            <a href={`#visit-${encodeURIComponent(one.visit)}`} onClick={(event) => { event.preventDefault(); open(`visit-${one.visit}`); }}>{portText(one.to!)}</a>
          ) : (
            "no port of this study"
          )}{" "}
          {percent(one.p)}
        </span>
      ))}
    </span>
  );
}

const aisText = (visit: Visit) =>
  visit.dark === true ? "silent, while other ships were received" : visit.dark === false ? "received" : "no AIS data were given";

export function Stay({ page, visit }: { page: Page; visit: Visit }) {
  const during = hiddenText(page, visit, "during");
  const factor = fixed(Math.exp(1.645 * (visit.deadweight_log_sigma ?? 0)), 2);
  return (
    <Facts
      name={<Term of="visit">The visit</Term>}
      facts={[
        ["Arrived", <Ends page={page} visit={visit} when="before" />],
        ...(during ? ([["While there", during]] as Fact[]) : []),
        ["Departed", <Ends page={page} visit={visit} when="after" />],
        [<Term of="deadweight">Deadweight</Term>, <>{rough(visit.deadweight_t)} t <small>estimated from its size; <Term of="90 % interval" />: {rough(visit.deadweight_t / Number(factor))} to {rough(visit.deadweight_t * Number(factor))} t</small></>],
        [<Term of="size error">Size</Term>, `${withError(visit.length_m, visit.length_sigma_m)} long, ${withError(visit.beam_m, visit.beam_sigma_m)} wide`],
        ["One ship", <>{percent(visit.p_visit)} <small>chance that these images, and no others, show one visit of one ship</small></>],
        [<Term of="small tanker">Small tanker</Term>, tankerText(visit.p_tanker, visit.p_tanker_basis)],
        [<Term of="AIS" />, visit.mmsi ? <><Term of="MMSI" /> {visit.mmsi}</> : aisText(visit)],
        ["May have sailed to", <Onward visit={visit} />],
      ]}
    />
  );
}

const aroundText = (view: boolean, height: number | null, azimuth: number | null) =>
  height == null ? "unknown" : `${fixed(height, 1)}° ${view ? "off the vertical" : "high"}${azimuth == null ? "" : `, from ${fixed(azimuth, 0)}° (0° is north, 90° east)`}`;

export function Measured({ ship }: { ship: Ship }) {
  return (
    <Facts
      name={`The ship on ${moment(ship.t)}`}
      facts={[
        ["Load", <>{LOAD_TEXT[ship.load]} {ship.derived && <small>worked out here from the strength of evidence</small>} {ship.reason && <small>{reasonText(ship.reason)}</small>}</>],
        ["Chance laden", <>{chance(ship.laden)} <small>from this image alone, if it is a tanker</small></>],
        [<Term of="strength of evidence">Strength of evidence</Term>, ship.lr == null ? "–" : `${signed(ship.lr, 1)}: ${oddsText(ship.lr)}`],
        [<Term of="freeboard">Freeboard</Term>, withError(ship.fb, ship.fb_s, 1)],
        [<>Length, <Term of="beam" /></>, `${withError(ship.length, ship.length_s)}, ${withError(ship.beam, ship.beam_s)}`],
        ["Direction of the hull", <>{withError(ship.heading, ship.heading_s, 0, "°")} <small>0° is north, 90° east; the bow may be at either end</small></>],
        ["Is a ship", percent(ship.score)],
        ["Is a tanker", ship.tanker == null ? WORDS.type_undetermined : <>{chance(ship.tanker)} <small>from this image</small></>],
        ["Sun", aroundText(false, ship.sun, ship.sun_az)],
        ["Satellite", aroundText(true, ship.view, ship.view_az)],
        ["Place", <>{zoneText(ship.zone)} <small>{fixed(ship.lat, 5)}° north, {fixed(ship.lon, 5)}° east{ship.quay ? "; at a quay" : ""}</small></>],
      ]}
    />
  );
}

const http = (href: string | undefined) => (href && /^https?:/.test(href) ? href : null);

export function Source({ page, ship }: { page: Page; ship: Ship | Observation }) {
  const href = page.items[ship.scene];
  const item = http(href);
  const sha = page.run.weights.sha256;
  return (
    <Facts
      name="Where the image comes from"
      facts={[
        ...(page.run.simulated ? ([[<Term of="simulated">{WORDS.simulated}</Term>, "the image was made by a computer"]] as Fact[]) : []),
        ["Satellite", <>{collectionText(ship.collection)} <small>{ship.platform}; {page.run.catalog ?? "unknown catalogue"}</small></>],
        [<Term of="STAC item" />, item ? <a href={item} target="_blank" rel="noopener noreferrer">{ship.scene}</a> : ship.scene],
        ["Taken", moment(ship.t)],
        ["Pixel size", fixed(ship.gsd, ship.gsd && ship.gsd < 1 ? 1 : 0, " m")],
        ...("model" in ship ? ([[<Term of="weights">Weights</Term>, <>{ship.model} {sha && <small class="hash">sha256 {sha}</small>}</>]] as Fact[]) : []),
        [<Term of="fingerprint">Fingerprint</Term>, <span class="hash">{ship.digest}</span>],
        ...("id" in ship ? ([["Name in the tables", <span class="hash">{String(ship.id)}</span>]] as Fact[]) : []),
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

export function Who({ visit }: { visit: Visit }) {
  const [all, setAll] = useState(false);
  const shown = all ? visit.candidates : visit.candidates.slice(0, 6);
  if (!visit.candidates.length) return null;
  const best = visit.candidates.find((one) => one.name !== "unregistered");
  return (
    <>
      <h3>Which ship it may be</h3>
      <p class="soft">
        {(best?.p ?? 0) < 0.5 && "No name has a chance above 50 %. "}By size, times and the ships of the <Term of="register" /> alone: no image shows a name.
      </p>
      <table class="who">
        <thead>
          <tr>
            <th scope="col">Ship</th>
            <th scope="col">
              <Term of="chance">Chance</Term>
            </th>
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
          All {visit.candidates.length} candidates
        </button>
      )}
    </>
  );
}
