// The form in which an analyst decides on a ship.
import { useState } from "preact/hooks";
import type { Page, Ship, Visit } from "./data";
import { Changed } from "./effects";
import { type Certainty, type Decision, type Feature, featureOf } from "./review";
import { day, WORDS } from "./text";

const NO_CHANGE: [string, string] = ["", "no change"];
/** The types of gnomon.datamodel.ship_types, in its order, and "none". */
const TYPES = [NO_CHANGE, ...Object.entries(WORDS.types)];
const STATES: [string, string][] = [
  NO_CHANGE,
  ["laden", "laden"],
  ["ballast", "in ballast"],
  ["indeterminate", "cannot be determined"],
];

let reviewer = "";

const text = (form: FormData, name: string) => String(form.get(name) ?? "").trim() || null;

function decisionOf(form: FormData): Omit<Decision, "detection_id" | "scene_id" | "visit_id"> {
  reviewer = text(form, "reviewer") ?? "";
  return {
    decision: form.get("decision") === "reject" ? "reject" : "accept",
    type: text(form, "type"),
    load_state: text(form, "load_state"),
    certainty: (text(form, "certainty") ?? "sure") as Certainty,
    identity: text(form, "identity"),
    note: text(form, "note"),
    reviewer: reviewer || null,
    decided_at: new Date().toISOString(),
  };
}

/** What a decision says beside accept or reject, and how surely. */
function saidText({ type, load_state, certainty }: Decision): string {
  const loads: Record<string, string> = { laden: "laden", ballast: "in ballast", indeterminate: "load cannot be determined" };
  const said = [type && ((WORDS.types as Record<string, string>)[type] ?? type), load_state && (loads[load_state] ?? load_state)].filter(Boolean);
  return said.length ? `: ${said.join(", ")} (${certainty ?? "sure"})` : "";
}

function Select(props: { name: string; label: string; value: string; of: [string, string][] }) {
  return (
    <label>
      <span>{props.label}</span>
      <select name={props.name} value={props.value}>
        {props.of.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Decide(props: {
  page: Page;
  ship: Ship;
  visit: Visit | null;
  last: Decision | undefined;
  decide: (features: Feature[]) => void;
  status: string;
}) {
  const { page, ship, visit, last, decide, status } = props;
  const effect = page.effects.find((one) => one.ship === ship.id);
  const [fault, setFault] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    if (!form.get("decision")) return setFault("Choose accept or reject.");
    setFault("");
    const decision = decisionOf(form);
    const all = form.get("scope") === "visit" && visit ? visit.ships : [ship];
    // A load belongs to one image; the rest holds for the ship.
    decide(all.map((one) => featureOf(one, one === ship ? decision : { ...decision, load_state: null })));
  };
  const many = visit && visit.ships.length > 1;
  return (
    <form class="decide" key={ship.id + (last?.decided_at ?? "")} onSubmit={submit as any}>
      <h3>Your decision</h3>
      {last && (
        <p class={`decided ${last.decision}`}>
          {last.decision === "accept" ? "Accepted" : "Rejected"}
          {last.reviewer ? ` by ${last.reviewer}` : ""}, {day(Date.parse(last.decided_at) / 1000)}
          {saidText(last)}
        </p>
      )}
      {effect && (
        <div class="long">
          <p class="soft">What the decision {effect.decision} changed when visits were last inferred:</p>
          <Changed effect={effect} />
        </div>
      )}
      <fieldset class="toggles">
        <legend>Is what is outlined a ship?</legend>
        {(["accept", "reject"] as const).map((value) => (
          <label key={value}>
            <input type="radio" name="decision" value={value} defaultChecked={last?.decision === value} />
            <span>{value}</span>
          </label>
        ))}
      </fieldset>
      {many && (
        <fieldset class="toggles">
          <legend>Applies to</legend>
          <label>
            <input type="radio" name="scope" value="ship" defaultChecked />
            <span>this image</span>
          </label>
          <label>
            <input type="radio" name="scope" value="visit" />
            <span>all {visit.ships.length} images of the visit</span>
          </label>
        </fieldset>
      )}
      <Select name="type" label="Type" value={last?.type ?? ""} of={TYPES} />
      <Select name="load_state" label="Load in this image" value={last?.load_state ?? ""} of={STATES} />
      <Select name="certainty" label="How sure you are" value={last?.certainty ?? "sure"} of={Object.entries(WORDS.certainties)} />
      <label>
        <span>Name of the ship</span>
        <input name="identity" list="vessels" defaultValue={last?.identity ?? ""} autocomplete="off" />
      </label>
      <label>
        <span>Reviewer</span>
        <input name="reviewer" defaultValue={last?.reviewer ?? reviewer} autocomplete="name" />
      </label>
      <label class="long">
        <span>Note</span>
        <textarea name="note" rows={2} defaultValue={last?.note ?? ""} />
      </label>
      <button type="submit" class="primary">
        Save decision
      </button>
      <output aria-live="polite">{fault || status}</output>
    </form>
  );
}
