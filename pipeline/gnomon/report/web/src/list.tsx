// The same as the timeline, as a table: for reading, for keyboards, for print.
import { useContext, useState } from "preact/hooks";
import type { Page, Ship } from "./data";
import { hasLoads, Opened } from "./filter";
import type { Decisions } from "./review";
import { SimulatedMark } from "./simulated";
import { chance, collectionText, fixed, LOAD_NAMES, moment, oddsText, percent, portText, reasonText, withError, zoneText } from "./text";

const AT_ONCE = 30;
const LOAD_COLUMNS = ["Load", "Chance laden", "Strength of evidence", "Freeboard"];

function LoadCells({ ship }: { ship: Ship }) {
  return (
    <>
      <td>
        <span class={`mark ${ship.load}`}>{LOAD_NAMES[ship.load]}</span> <small>{reasonText(ship.reason)}</small>
      </td>
      <td>{ship.laden == null ? "–" : chance(ship.laden)}</td>
      <td>{oddsText(ship.lr)}</td>
      <td>{withError(ship.fb, ship.fb_s, 1)}</td>
    </>
  );
}

export function List(props: { page: Page; ships: Ship[]; decisions: Decisions; all: boolean }) {
  const { ships, decisions, all } = props;
  const loads = hasLoads(props.page);
  const [more, setRows] = useState(AT_ONCE);
  const rows = all ? ships.length : more;
  const open = useContext(Opened);
  return (
    <section id="list" aria-labelledby="list-head">
      <h2 id="list-head">
        {all ? "All ships" : "Ships in view"} <SimulatedMark />
      </h2>
      <div class="wide" tabIndex={0} role="region" aria-labelledby="list-head">
        <table class="ships">
          <thead>
            <tr>
              {["Time", "Port", "Sensor", "Size", "Is a ship", ...(loads ? LOAD_COLUMNS : []), "Review"].map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ships.slice(0, rows).map((ship) => (
              <tr key={ship.id}>
                <th scope="row">
                  <a
                    href={`#ship-${encodeURIComponent(ship.id)}`}
                    onClick={(event) => {
                      event.preventDefault();
                      open(`ship-${ship.id}`);
                    }}
                  >
                    {moment(ship.t)}
                  </a>
                </th>
                <td>
                  {portText(ship.port)} <small>{ship.zone && zoneText(ship.zone)}</small>
                </td>
                <td>{collectionText(ship.collection)}</td>
                <td>
                  {fixed(ship.length, 0)} × {fixed(ship.beam, 0)} m
                </td>
                <td>{percent(ship.score)}</td>
                {loads && <LoadCells ship={ship} />}
                <td>{decisions.get(ship.id)?.decision ?? ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows < ships.length && (
        <button type="button" onClick={() => setRows(rows + 200)}>
          Show more ({ships.length - rows} left)
        </button>
      )}
      {!ships.length && <p>No ship matches the filter. Images without ships are on the timeline.</p>}
    </section>
  );
}
