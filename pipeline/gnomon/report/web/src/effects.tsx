// What the decisions of an analyst changed, as `gnomon track` wrote it: before and after, with the same random draws.
import type { Effect, Page } from "./data";
import { Term } from "./glossary";
import { chance, moment, portText, rough, whole } from "./text";

type Pair<T> = [T | null, T | null];

function Change({ name, of, text }: { name: string; of: Pair<number>; text: (value: number) => string }) {
  const [before, after] = of.map((value) => (value == null ? "not counted" : text(value)));
  return <li>{before === after ? `${name} stays ${after}` : `${name} ${before} → ${after}`}</li>;
}

function visitChange([before, after]: Pair<string>): string {
  if (before === after) return before ? "it stays in the same visit" : "it belongs to no visit, before as after";
  if (!after) return "its visit is no longer counted";
  return before ? "it now belongs to another visit" : "it now belongs to a visit";
}

const nameOf = (page: Page, { ship }: Effect): string => {
  const known = page.ship.get(ship);
  return known ? `Ship at ${portText(known.port)}, ${moment(known.t)}` : ship;
};

/** What one decision changed. */
export function Changed({ effect }: { effect: Effect }) {
  return (
    <ul class="changed" aria-label="What this decision changed">
      <li>{visitChange(effect.visit)}</li>
      <Change name="chance of a small tanker" of={effect.tanker} text={chance} />
      <Change name="chance that it loaded here" of={effect.loaded} text={chance} />
    </ul>
  );
}

/** What all decisions together changed. */
export function Together({ page }: { page: Page }) {
  const { together, effects } = page;
  if (!together && !effects.length) return null;
  return (
    <div class="together">
      <h3>What the decisions changed</h3>
      {together && (
        <p>
          Together: barrels {rough(together.barrels[0])} → {rough(together.barrels[1])}, <Term of="delivery">deliveries</Term> {rough(together.deliveries[0])} → {rough(together.deliveries[1])}.
          {together.noise != null && (
            <>
              {" "}
              Differences of up to {rough(together.noise)} barrels are <Term of="sampling noise" />.
            </>
          )}
        </p>
      )}
      {effects.length > 0 && (
        <details class="fold" open={effects.length <= 8}>
          <summary>{whole(effects.length)} decisions, one by one</summary>
          <ol class="plain">
            {effects.map((effect) => (
              <li key={effect.ship}>
                <a href={`#ship-${encodeURIComponent(effect.ship)}`}>{nameOf(page, effect)}</a>: {effect.decision}
                <Changed effect={effect} />
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}
