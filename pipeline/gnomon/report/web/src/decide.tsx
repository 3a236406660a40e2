// The form in which an analyst decides on a ship.
import { useState } from "preact/hooks";
import type { Ship, Visit } from "./data";
import { type Decision, type Feature, featureOf } from "./review";
import { day } from "./text";

const TYPES = [
  ["", "no change"],
  ["tanker", "tanker"],
  ["cargo", "cargo ship"],
  ["passenger", "passenger ship"],
  ["fishing", "fishing vessel"],
  ["naval", "naval vessel"],
  ["service", "tug, dredger, other service"],
  ["other", "other ship"],
  ["none", "not a ship"],
] as const;
const STATES = [
  ["", "no change"],
  ["laden", "laden"],
  ["ballast", "in ballast"],
  ["indeterminate", "cannot be determined"],
] as const;
let reviewer = "";

const text = (form: FormData, name: string) => String(form.get(name) ?? "").trim() || null;

function decisionOf(form: FormData): Omit<Decision, "detection_id" | "scene_id" | "visit_id"> {
  reviewer = text(form, "reviewer") ?? "";
  return {
    decision: form.get("decision") === "reject" ? "reject" : "accept",
    type: text(form, "type"),
    load_state: text(form, "load_state"),
    identity: text(form, "identity"),
    note: text(form, "note"),
    reviewer: reviewer || null,
    decided_at: new Date().toISOString(),
  };
}

export function Decide(props: {
  ship: Ship;
  visit: Visit | null;
  last: Decision | undefined;
  decide: (features: Feature[]) => void;
  status: string;
}) {
  const { ship, visit, last, decide, status } = props;
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
        </p>
      )}
      <fieldset class="toggles">
        <legend>Is this detection a ship?</legend>
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
      <label>
        <span>Type</span>
        <select name="type" defaultValue={last?.type ?? ""} value={last?.type ?? ""}>
          {TYPES.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Load in this image</span>
        <select name="load_state" value={last?.load_state ?? ""}>
          {STATES.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
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
