// What is stated where images do not decide whether ships load: quantities if they do, and never a middle of both.
import type { IfLoading, Scenario, Three } from "./data";
import { percent, portText, rough } from "./text";

const withoutMiddle = ([low, , high]: Three): Three => [low, null, high];

/** The quantities that are stated of a scenario. */
export function stated(one: Scenario): IfLoading {
  if (!one.open) return one;
  return one.open.loading ?? { ...one, deliveries: withoutMiddle(one.deliveries), tonnes: withoutMiddle(one.tonnes), barrels: withoutMiddle(one.barrels) };
}

/** The middle of an interval, if it has one. */
export const middleText = (of: Three): string => (of[1] == null ? "" : `; middle ${rough(of[1])}`);

/** Interval of which a single value may be left. */
export const between = ([low, , high]: Three): string => (low === high ? rough(low) : `${rough(low)} to ${rough(high)}`);

/** Under which condition the stated quantities hold; empty where there is none. */
export const conditionText = ({ open }: Scenario): string =>
  open?.loading ? `if ships load at ${open.ports.map(portText).join(" and ")}` : "";

/** Barrels if ships do not load. */
export const otherwiseText = ({ open }: Scenario): string =>
  open && (open.otherwise[2] ?? 0) > 0 ? `if they do not, ${between(open.otherwise)}` : "if they unload, none";

/** That the images do not decide the direction, as a sentence. */
export const openText = ({ open }: Scenario): string =>
  open
    ? `The images do not decide whether ships load or unload at ${open.ports.map(portText).join(" and ")} (chance that they load: ${percent(open.p_loading)}).`
    : "";
