// Pictures of a ship: the pixels, and over them, to be switched on and off, the fitted outlines.
import { type Chip, type Evidence, type Page, type Ring, type Ship, simulated, type Visit } from "./data";
import { hiddenText } from "./bounds";
import { collectionText, fixed, LOAD_TEXT, moment, WORDS } from "./text";

const points = (ring: Ring) => ring.map(([east, north]) => `${east.toFixed(1)},${(-north).toFixed(1)}`).join(" ");

function SunArrow({ chip, azimuth }: { chip: Chip; azimuth: number }) {
  const r = chip.half * 0.1, x = -chip.half * 0.82, y = -chip.half * 0.82;
  const turn = `translate(${x} ${y}) rotate(${azimuth})`;
  return (
    <g transform={turn} class="sun">
      <circle r={r * 1.35} />
      <path d={`M0 ${r} V${-r} M${-r * 0.5} ${-r * 0.4} L0 ${-r} L${r * 0.5} ${-r * 0.4}`} />
    </g>
  );
}

function ScaleBar({ chip }: { chip: Chip }) {
  const length = chip.half > 130 ? 100 : 50;
  const x = chip.half * 0.9, y = chip.half * 0.88;
  return (
    <g class="scale">
      <path d={`M${x - length} ${y} H${x}`} />
      <text x={x - length / 2} y={y - chip.half * 0.04} font-size={chip.half * 0.11} text-anchor="middle">
        {length} m
      </text>
    </g>
  );
}

export function Picture(props: {
  chip: Chip | undefined;
  traced: boolean;
  azimuth: number | null;
  alt: string;
  why: string;
}) {
  const { chip, traced, azimuth, why } = props;
  const alt = simulated() ? `${WORDS.simulated}: ${props.alt}` : props.alt;
  if (!chip)
    return (
      <div class="frame missing" role="img" aria-label={`${alt}: no picture. ${why}`}>
        <span>{why}</span>
      </div>
    );
  const view = `${-chip.half} ${-chip.half} ${2 * chip.half} ${2 * chip.half}`;
  return (
    <div class="frame">
      <img src={chip.src} alt={alt} />
      <svg viewBox={view} aria-hidden="true">
        {traced && chip.shadow && <polygon class="shadow" points={points(chip.shadow)} />}
        {traced && (chip.hull ?? chip.detected) && (
          <polygon class={chip.hull ? "hull" : "hull detected"} points={points((chip.hull ?? chip.detected)!)} />
        )}
        {azimuth != null && <SunArrow chip={chip} azimuth={azimuth} />}
        <ScaleBar chip={chip} />
      </svg>
    </div>
  );
}

const noChip = (ship: Ship) =>
  ship.sensor === "sar" ? "Radar: no shadow, no picture" : "No picture: its pixels were not available when this page was made";

export function Strip(props: {
  page: Page;
  visit: Visit | null;
  ships: Ship[];
  chosen: Ship | null;
  choose: (ship: Ship) => void;
  seen: Evidence;
  traced: boolean;
}) {
  const { page, visit, ships, chosen, choose, seen, traced } = props;
  return (
    <ol class="chips">
      {visit && <Empty page={page} visit={visit} seen={seen} name="before" when={visit.arrived_after} />}
      {ships.map((ship) => (
        <li key={ship.id} class={ship === chosen ? "chosen" : ""}>
          <button type="button" aria-pressed={ship === chosen} onClick={() => choose(ship)}>
            <Picture
              chip={seen.chips[ship.id]}
              traced={traced}
              azimuth={ship.sun_az}
              alt={`Ship on ${moment(ship.t)}`}
              why={noChip(ship)}
            />
            <b>{moment(ship.t)}</b>
            <span>{collectionText(ship.collection)}</span>
            <span class={`mark ${ship.load}`}>{LOAD_TEXT[ship.load]}</span>
            <small>
              {ship.sun == null ? "position of the sun unknown" : `sun ${fixed(ship.sun, 0)}° high, from ${fixed(ship.sun_az, 0)}°`}
              {ship.view != null && `; viewed ${fixed(ship.view, 0)}° off the vertical`}
            </small>
          </button>
        </li>
      ))}
      {visit && <Empty page={page} visit={visit} seen={seen} name="after" when={visit.departed_before} />}
    </ol>
  );
}

/** The place without the ship, in an image that shows the place; else why there is none. */
function Empty(props: { page: Page; visit: Visit; seen: Evidence; name: "before" | "after"; when: number | null }) {
  const { page, visit, seen, name, when } = props;
  const chip = seen.chips[`${name}:${visit.id}`];
  const shows = chip && when != null && !visit.hidden_images.includes(chip.scene);
  const hidden = hiddenText(page, visit, name);
  return (
    <li class="empty">
      <Picture
        chip={shows ? chip : undefined}
        traced={false}
        azimuth={null}
        alt={`The same place ${name} the visit, ${moment(when)}`}
        why={when == null ? `No image ${name} the visit shows this place` : "No picture of this image"}
      />
      <b>{when == null ? `no image ${name}` : moment(when)}</b>
      <span>{when == null ? "" : `${name} the visit: the place without it`}</span>
      {hidden && <small>{hidden}</small>}
    </li>
  );
}
