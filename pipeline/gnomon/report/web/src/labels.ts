// Places for labels of a map where none lies over another.
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Label {
  text: string;
  /** What the label names, pixels. */
  of: Box;
}
export interface Placed extends Box {
  text: string;
}

/** Of the letters, and of the room that a label takes, pixels. */
export const FONT_PX = 12;
export const ROOM_PX = 17;
const GAP_PX = 3;

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const inside = (a: Box, frame: Box) =>
  a.x >= frame.x && a.y >= frame.y && a.x + a.width <= frame.x + frame.width && a.y + a.height <= frame.y + frame.height;

const pen = document.createElement("canvas").getContext("2d");
/** Width of a text, pixels; by the number of letters where it cannot be measured. */
export function textWidth(text: string): number {
  if (!pen) return text.length * FONT_PX * 0.62;
  pen.font = `600 ${FONT_PX}px ${getComputedStyle(document.body).fontFamily}`;
  return Math.ceil(pen.measureText(text).width) + 6;
}

/** Within what is named, if that has room; else above, below and beside it, then ever farther away. */
function* candidates(label: Label, width: number): Generator<Box> {
  const { of } = label, height = ROOM_PX;
  const box = (x: number, y: number): Box => ({ x, y, width, height });
  // The middle of a large zone is its own; the corners of the box around it are its neighbours'.
  if (of.width > 1.5 * width && of.height > 3 * height)
    for (const part of [0.5, 0.4, 0.6, 0.3, 0.7]) yield box(of.x + (of.width - width) / 2, of.y + part * (of.height - height));
  for (const x of [of.x, of.x + (of.width - width) / 2, of.x + of.width - width]) {
    yield box(x, of.y - height - GAP_PX);
    yield box(x, of.y + of.height + GAP_PX);
  }
  if (of.width > width && of.height > height) yield box(of.x + (of.width - width) / 2, of.y + (of.height - height) / 2);
  yield box(of.x + of.width + GAP_PX, of.y + (of.height - height) / 2);
  yield box(of.x - width - GAP_PX, of.y + (of.height - height) / 2);
  for (let step = 0; step < 60; step++)
    for (const x of [of.x, of.x + of.width - width, 4]) {
      yield box(x, of.y + of.height + step * height);
      yield box(x, of.y - step * height);
    }
}

/** A place for each label, within the frame and clear of each other and of what is taken already. */
export function placed(labels: Label[], taken: Box[], frame: Box): Placed[] {
  const full = [...taken];
  return labels.flatMap((label) => {
    const width = textWidth(label.text);
    for (const box of candidates(label, width)) {
      if (!inside(box, frame) || full.some((one) => overlap(one, box))) continue;
      full.push(box);
      return [{ ...box, text: label.text }];
    }
    return [];
  });
}
