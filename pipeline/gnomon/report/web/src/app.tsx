// The evidence page: the answer, every image, maps, the ships, and what an analyst decided.
import { render } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Answer } from "./answer";
import { Card, shownAt } from "./card";
import { loadPage, type Page } from "./data";
import { everything, Filters, hasLoads, Opened, showsObservation, showsShip } from "./filter";
import { Together } from "./effects";
import { explained, Glossary } from "./glossary";
import { Legend } from "./legend";
import { List } from "./list";
import { Maps } from "./map";
import "./page.css";
import { begun, download, type Feature, featuresOf, fileName, holding, keep, merged, whereText } from "./review";
import "./top.css";
import "./print.css";
import { addressOf, scaled, type Span, wholeSpan } from "./items";
import { Timeline } from "./timeline";
import { PrintedVisits } from "./prints";
import { pageMargins, usePrinting } from "./printing";
import { SimulatedMark } from "./simulated";
import { day, whole } from "./text";

const addressNow = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
};

/** The address of the open card, kept in the location so that it can be cited. */
function useAddress(): [string, (address: string) => void] {
  const [address, setAddress] = useState(addressNow);
  useEffect(() => {
    const changed = () => setAddress(addressNow());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  const go = useCallback((next: string) => {
    const hash = next ? `#${encodeURIComponent(next)}` : location.pathname + location.search;
    history.replaceState(null, "", hash);
    setAddress(next);
  }, []);
  return [address, go];
}

type Theme = "auto" | "light" | "dark";

function Head({ page, theme, setTheme }: { page: Page; theme: Theme; setTheme: (theme: Theme) => void }) {
  return (
    <header class="top">
      <p class="brand">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M3 19h18" />
          <path d="M8 19 8 4 17 19" />
        </svg>
        gnomon <span>{page.run.name}</span>
      </p>
      <nav aria-label="Sections">
        <a href="#answer">Answer</a>
        <a href="#timeline">Timeline</a>
        <a href="#maps">Maps</a>
        <a href="#list">Ships</a>
        <a href="#decisions">Review</a>
        <a href="#how">Method</a>
        <a href="#words">Words</a>
      </nav>
      <div class="tools">
        <label>
          <span class="hidden">Colours</span>
          <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            <option value="auto">system colours</option>
            <option value="light">light</option>
            <option value="dark">dark</option>
          </select>
        </label>
        <button type="button" onClick={() => window.print()}>
          Print
        </button>
      </div>
    </header>
  );
}

function Zoom({ span, whole: all, zoom }: { span: Span; whole: Span; zoom: (span: Span) => void }) {
  const moved = (part: number): Span => [span[0] + part * (span[1] - span[0]), span[1] + part * (span[1] - span[0])];
  const iso = (t: number) => new Date(t * 1000).toISOString().slice(0, 10);
  const typed = (end: 0 | 1, text: string) => {
    const t = Date.parse(text) / 1000;
    if (!Number.isFinite(t)) return;
    const next: Span = end ? [span[0], t + 86400] : [t, span[1]];
    if (next[0] < next[1]) zoom(next);
  };
  return (
    <div class="zoom" role="group" aria-label="Time shown">
      <button type="button" aria-label="earlier" onClick={() => zoom(moved(-0.5))}>←</button>
      <button type="button" aria-label="zoom out" onClick={() => zoom(scaled(span, 2))}>−</button>
      <button type="button" aria-label="zoom in" onClick={() => zoom(scaled(span, 0.5))}>+</button>
      <button type="button" aria-label="later" onClick={() => zoom(moved(0.5))}>→</button>
      <button type="button" onClick={() => zoom(all)}>whole time</button>
      <label>
        <span>from</span>
        <input type="date" value={iso(span[0])} onChange={(event) => typed(0, event.currentTarget.value)} />
      </label>
      <label>
        <span>to</span>
        <input type="date" value={iso(span[1])} onChange={(event) => typed(1, event.currentTarget.value)} />
      </label>
      <span class="soft hint">Drag over the timeline to zoom in; arrow keys move from mark to mark.</span>
    </div>
  );
}

const SEARCHED =
  "gnomon looked for ships in the satellite images of these ports that the catalogue has, but for those under too much cloud, kept a record of every image, with or without ships, skipped or failed";
const INFERRED =
  ", estimated loads from the shadows that hulls cast on the water, and estimated how many visits there were, seen and unseen, from what each image could have shown. A visit between two images leaves no trace, so counts are estimates. In simulated seasons their 90 % intervals held the true number of visits about nine times in ten, and the true barrels about eight times in ten; where the world differs from the simulation they hold them less often.";
const COUNTED =
  ". It estimated neither loads nor visits: every ship is a ship in one image. Some of what is found is no ship, some ships are missed, and a ship that stays is in several images.";
const LOADS =
  "What is said of a load is true only of tankers. Laden means with cargo and deep in the water; in ballast means without cargo and high in the water. Nobody has published freeboards measured from satellites that these could be compared with. What a ship's own images show and what is supposed from the other visits at its port are kept apart everywhere. ";
const DECIDED = "Accepting or rejecting a ship changes nothing on this page at once: the numbers change when";

function How({ page }: { page: Page }) {
  const { run } = page;
  const loads = hasLoads(page) || page.answer.seasons.length > 0;
  const pairs = [...Object.entries(run.versions), ...Object.entries(run.weights).map(([k, v]) => [`weights ${k}`, v])];
  return (
    <section id="how" aria-labelledby="how-head">
      <h2 id="how-head">
        How this was made, and what it cannot show <SimulatedMark />
      </h2>
      <div class="columns">
        <div>
          <p>{explained(SEARCHED + (loads ? INFERRED : COUNTED))}</p>
          <p>
            {loads ? explained(LOADS + DECIDED) : DECIDED} <code>gnomon track</code> has run again with the review file.
          </p>
          <p class="soft">
            {run.credits.join(" ")} Made with gnomon (Apache-2.0). This file includes Observable Plot, D3 and Preact under their own licences.
          </p>
          <details class="licences">
            <summary>Licences</summary>
            <pre tabIndex={0}>{document.getElementById("licences")?.textContent}</pre>
          </details>
        </div>
        <dl class="facts">
          <div>
            <dt>Study</dt>
            <dd>{run.description || run.name}</dd>
          </div>
          <div>
            <dt>Run made</dt>
            <dd>{run.made_at ? day(Date.parse(run.made_at) / 1000) : "unknown"}</dd>
          </div>
          <div>
            <dt>Page made</dt>
            <dd>{day(Date.parse(run.shown_at) / 1000)}</dd>
          </div>
          {pairs.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="hash">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}

function Review(props: { history: Feature[]; page: Page; read: (features: Feature[]) => void; status: string }) {
  const { history, page, read, status } = props;
  const decisions = holding(history);
  const rejected = [...decisions.values()].filter((one) => one.decision === "reject").length;
  const unmatched = [...decisions.keys()].filter((id) => !page.ship.has(id)).length;
  const chosen = async (event: Event) => {
    const file = (event.currentTarget as HTMLInputElement).files?.[0];
    if (file) read(featuresOf(JSON.parse(await file.text().catch(() => "null"))));
  };
  return (
    <section id="decisions" aria-labelledby="review-head">
      <h2 id="review-head">
        Review <SimulatedMark />
      </h2>
      <p>
        <b>{whole(decisions.size)}</b> decisions: {whole(decisions.size - rejected)} accepted, {whole(rejected)} rejected.{" "}
        {unmatched > 0 && `${whole(unmatched)} of them are about ships that this run does not have; they are kept. `}
        {whereText(page, decisions).join(" ")}
      </p>
      <div class="row">
        <button type="button" class="primary" disabled={!decisions.size} onClick={() => download(page, history)}>
          Download {fileName()}
        </button>
        <label class="file">
          <span>Add decisions from a file</span>
          <input type="file" accept=".geojson,.json,application/geo+json" onChange={chosen} />
        </label>
        <output aria-live="polite">{status}</output>
      </div>
      <Together page={page} />
    </section>
  );
}

function App({ page }: { page: Page }) {
  const [filter, setFilter] = useState(() => everything(page));
  const all = useMemo(() => wholeSpan(page), [page]);
  const [span, zoom] = useState<Span>(all);
  const [address, go] = useAddress();
  const [history, setHistory] = useState(() => begun(page));
  const decisions = useMemo(() => holding(history), [history]);
  const [status, setStatus] = useState("");
  const [theme, setTheme] = useState<Theme>("auto");
  const printing = usePrinting();
  const before = useRef<Element | null>(null);
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const within = (t: number | null) => t != null && t >= span[0] && t <= span[1];
  const ships = useMemo(() => page.ships.filter((ship) => showsShip(filter, ship) && within(ship.t)), [filter, span]);
  const observations = useMemo(() => page.observations.filter((observation) => showsObservation(filter, observation) && within(observation.t)).length, [filter, span]);
  const shown = useMemo(() => shownAt(page, address), [address]);
  const open = (next: string) => {
    if (!shown) before.current = document.activeElement;
    go(next);
  };
  const close = () => {
    go("");
    (before.current as HTMLElement | null)?.focus?.();
  };
  const step = (by: number) => {
    const rows: any[] = shown?.observation ? page.observations : shown?.visit ? page.visits : page.ships;
    const place = rows.indexOf(shown?.observation ?? shown?.visit ?? shown?.ship);
    const next = rows[place + by];
    if (next) open(addressOf(next));
  };
  const decide = async (features: Feature[]) => {
    const next = merged(history, features);
    setHistory(next);
    setStatus(await keep(page, next));
  };
  return (
    <Opened.Provider value={open}>
      <style>{pageMargins(page.run.name, page.run.simulated)}</style>
      <a class="skip" href="#timeline">Skip to the timeline</a>
      <Head page={page} theme={theme} setTheme={setTheme} />
      {page.run.simulated && (
        <p class="simulated" role="note">
          <b>SIMULATED</b>: these images were made by a computer. They show the method; ports and ships are not of the world.
        </p>
      )}
      <main>
        <Answer page={page} decisions={decisions} />
        <section id="timeline" aria-labelledby="timeline-head">
          <h2 id="timeline-head">
            Every image <SimulatedMark />
          </h2>
          <Filters page={page} filter={filter} change={setFilter} shown={`${whole(observations)} images and ${whole(ships.length)} ships in view`} />
          <Zoom span={span} whole={all} zoom={zoom} />
          <Legend page={page} />
          <Timeline page={page} filter={filter} span={span} zoom={zoom} />
        </section>
        <Maps page={page} filter={filter} span={span} />
        {printing && !shown && <PrintedVisits page={page} />}
        <List page={page} ships={printing ? page.ships : ships} decisions={decisions} all={printing && !shown} />
        <Review history={history} page={page} read={decide} status={status} />
        <How page={page} />
        <Glossary />
      </main>
      {shown && (
        <Card page={page} shown={shown} address={address} close={close} step={step} decisions={decisions} decide={decide} status={status} />
      )}
    </Opened.Provider>
  );
}

const place = document.getElementById("app")!;
place.replaceChildren();
render(<App page={loadPage()} />, place);
