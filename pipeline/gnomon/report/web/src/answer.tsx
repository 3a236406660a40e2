// The answer, before anything else: a sentence, two pictures, the visits, and the numbers.
import { Changes } from "./changes";
import { Counts } from "./counts";
import { Cumulative } from "./cumulative";
import type { Page, Year } from "./data";
import { StrongestPicture, Visits } from "./gallery";
import { Further } from "./further";
import { explained } from "./glossary";
import { Headline, loadingSeasons, Tiles } from "./headline";
import { stated } from "./open";
import { Ports } from "./ports";
import { type Decisions, pendingText } from "./review";
import { noteText, portText } from "./text";

/** Half of a 90 % interval, as a part of its middle, from which a count is uncertain. */
const WIDE = 0.35;

/** The year with the most barrels. */
function yearOf(page: Page): Year | undefined {
  const most = (year: Year) => (year.scenarios[0] ? (stated(year.scenarios[0]).barrels[1] ?? 0) : 0);
  return [...page.answer.years].sort((a, b) => most(b) - most(a))[0];
}

function remarksOf(page: Page): string[] {
  const wide = loadingSeasons(page).filter(
    (one) => one.visits_p50 != null && (one.visits_p95! - one.visits_p05!) / 2 > WIDE * one.visits_p50,
  );
  return [
    ...new Set([
      ...wide.map((one) => `${portText(one.port)}: uncertain count, because few visits are seen; more images would narrow it`),
      ...page.answer.seasons.flatMap((one) => one.notes),
      ...page.run.notes,
    ]),
  ];
}

export function Answer({ page, decisions }: { page: Page; decisions: Decisions }) {
  const year = yearOf(page);
  const remarks = remarksOf(page);
  return (
    <section id="answer" aria-label="The answer">
      <Headline page={page} year={year} pending={pendingText(page, decisions)} />
      <div class="first">
        <StrongestPicture page={page} />
        {year?.curve ? <Cumulative page={page} year={year} curve={year.curve} /> : <Counts page={page} />}
      </div>
      <Visits page={page} />
      <Tiles page={page} year={year} />
      {year && (year.scenarios[0]?.barrels[2] ?? 0) > 0 && <Changes year={year} />}
      <Further page={page} />
      {remarks.length > 0 && (
        <ul class="remarks" aria-label="What was missing">
          {remarks.map((remark) => (
            <li key={remark}>{explained(noteText(remark))}</li>
          ))}
        </ul>
      )}
      <Ports page={page} />
    </section>
  );
}
