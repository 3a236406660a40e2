// Counts of every port, with other estimates of them.
import type { Page } from "./data";
import { explained, Term } from "./glossary";
import { directionText } from "./headline";
import { portText, rough, whole } from "./text";

export function Ports({ page }: { page: Page }) {
  if (!page.answer.seasons.length) return null;
  const cell = (value: number | null, sigma: number | null) =>
    value == null ? "–" : `${rough(value)} ± ${rough(sigma)}`;
  return (
    <details class="fold">
      <summary>All ports, and three other estimates of the number of visits</summary>
      <p class="soft">{explained("Each visit as the images make it likely, and three other ways to estimate how many there were.")}</p>
      <div class="wide" tabIndex={0} role="region" aria-label="Counts by port">
        <table>
          <thead>
            <tr>
              {["Port", "Images", "Visits seen", "Visits inferred", "Mean stay", "Horvitz-Thompson", "Little", "Chapman", "Direction"].map(
                (name) => (
                  <th scope="col" key={name}>
                    {["Horvitz-Thompson", "Little", "Chapman"].includes(name) ? <Term of="three other ways to estimate">{name}</Term> : name}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {page.answer.seasons.map((one) => (
              <tr key={one.port}>
                <th scope="row">{portText(one.port)}</th>
                <td>
                  {whole(one.observations)} <small>{one.usable_observations.toFixed(1)} usable</small>
                </td>
                <td>{rough(one.seen_p50)}</td>
                <td>
                  {rough(one.visits_p05)} – {rough(one.visits_p95)} <small>middle {rough(one.visits_p50)}</small>
                </td>
                <td>{one.dwell_days == null ? "–" : `${one.dwell_days.toFixed(1)} ± ${one.dwell_sigma_days?.toFixed(1)} d`}</td>
                <td>{cell(one.horvitz_thompson, one.horvitz_thompson_sigma)}</td>
                <td>{cell(one.little, one.little_sigma)}</td>
                <td>{cell(one.chapman, one.chapman_sigma)}</td>
                <td>{directionText(one.p_exports).join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
