// The part of the run that is shown: by port, sensor, load and vessel.
import { createContext } from "preact";
import { memo } from "preact/compat";
import { LOADS, type Load, type Observation, type Page, type Ship, type Sky, type Visit } from "./data";
import { collectionText, LOAD_NAMES, portText } from "./text";

export interface Filter {
  ports: Set<string>;
  collections: Set<string>;
  loads: Set<Load>;
  skies: Set<Sky>;
  vessel: string;
}

export const everything = (page: Page): Filter => ({
  ports: new Set(portsOf(page)),
  collections: new Set(collectionsOf(page)),
  loads: new Set(LOADS),
  skies: new Set(["clear", "cloudy", "failed"]),
  vessel: "",
});

const unique = (values: string[]) => [...new Set(values)];
/** A function of the page that is computed once. */
function once<T>(make: (page: Page) => T): (page: Page) => T {
  const made = new WeakMap<Page, { value: T }>();
  return (page) => {
    if (!made.has(page)) made.set(page, { value: make(page) });
    return made.get(page)!.value;
  };
}

export const portsOf = once((page) =>
  unique([...page.ports.map((port) => port.name), ...page.ships.map((ship) => ship.port)]).filter(
    (name) => page.observations.some((observation) => observation.port === name) || page.ships.some((ship) => ship.port === name),
  ),
);
export const collectionsOf = once((page) =>
  unique([...page.observations.map((observation) => observation.collection), ...page.ships.map((ship) => ship.collection)]).sort(),
);

export const vesselsOf = once((page) => {
  const best = new Map<string, number>();
  for (const visit of page.visits)
    for (const { name, p } of visit.candidates)
      if (name !== "unregistered") best.set(name, Math.max(p, best.get(name) ?? 0));
  return [...best.keys()].sort((a, b) => a.localeCompare(b));
});

/** Whether the run estimated loads, or visits to which loads belong. */
export const hasLoads = once((page) => page.visits.length > 0 || page.ships.some((ship) => ship.load !== "unread"));

const named = (visit: Visit | null, text: string) =>
  visit != null &&
  (visit.candidates.some((one) => one.name.toLowerCase().includes(text)) ||
    (visit.mmsi ?? "").includes(text) ||
    visit.id.toLowerCase().includes(text));

export const showsVisit = (filter: Filter, visit: Visit) =>
  filter.ports.has(visit.port) &&
  (!filter.vessel || named(visit, filter.vessel)) &&
  (!visit.ships.length || visit.ships.some((ship) => filter.collections.has(ship.collection) && filter.loads.has(ship.load)));

export const showsShip = (filter: Filter, ship: Ship) =>
  filter.ports.has(ship.port) &&
  filter.collections.has(ship.collection) &&
  filter.loads.has(ship.load) &&
  (!filter.vessel || named(ship.visit, filter.vessel) || ship.id.toLowerCase().includes(filter.vessel));

export const showsObservation = (filter: Filter, observation: Observation) =>
  filter.ports.has(observation.port) && filter.collections.has(observation.collection) && filter.skies.has(observation.sky) && !filter.vessel;

function Toggles<T extends string>(props: {
  name: string;
  of: T[];
  on: Set<T>;
  text: (value: T) => string;
  change: (on: Set<T>) => void;
  mark?: (value: T) => string;
}) {
  const flip = (value: T) => {
    const next = new Set(props.on);
    if (!next.delete(value)) next.add(value);
    props.change(next);
  };
  return (
    <fieldset class="toggles">
      <legend>{props.name}</legend>
      {props.of.map((value) => (
        <label key={value} class={props.mark?.(value)}>
          <input type="checkbox" value={value} checked={props.on.has(value)} onChange={() => flip(value)} />
          <span>{props.text(value)}</span>
        </label>
      ))}
    </fieldset>
  );
}

const Vessels = memo(({ page }: { page: Page }) => (
  <datalist id="vessels">
    {vesselsOf(page).map((name) => (
      <option key={name} value={name} />
    ))}
  </datalist>
));

export function Filters(props: { page: Page; filter: Filter; change: (filter: Filter) => void; shown: string }) {
  const { page, filter, change } = props;
  const set = (part: Partial<Filter>) => change({ ...filter, ...part });
  return (
    <form class="filters" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
      <Toggles name="Port" of={portsOf(page)} on={filter.ports} text={portText} change={(ports) => set({ ports })} />
      <Toggles
        name="Sensor"
        of={collectionsOf(page)}
        on={filter.collections}
        text={collectionText}
        change={(collections) => set({ collections })}
      />
      {hasLoads(page) && (
        <Toggles
          name="Ships"
          of={LOADS}
          on={filter.loads}
          text={(load) => LOAD_NAMES[load]}
          mark={(load) => `mark ${load}`}
          change={(loads) => set({ loads })}
        />
      )}
      <Toggles
        name="Images"
        of={["clear", "cloudy", "failed"] as Sky[]}
        on={filter.skies}
        text={(sky) => sky}
        mark={(sky) => `mark ${sky}`}
        change={(skies) => set({ skies })}
      />
      <label class="vessel">
        <span>Ship</span>
        <input
          type="search"
          list="vessels"
          placeholder="name, MMSI or id"
          value={filter.vessel}
          onInput={(event) => set({ vessel: event.currentTarget.value.trim().toLowerCase() })}
        />
        <Vessels page={page} />
      </label>
      <button type="button" onClick={() => change(everything(page))}>
        Show all
      </button>
      <output aria-live="polite">{props.shown}</output>
    </form>
  );
}

export const Opened = createContext<(address: string) => void>(() => undefined);
