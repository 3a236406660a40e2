// Work that the first view does not wait for: one piece at a time, in turn, once it is painted.
import { useEffect, useState } from "preact/hooks";

const waiting: (() => void)[] = [];
let running = false;

function next() {
  const piece = waiting.shift();
  running = piece != null;
  if (!piece) {
    document.documentElement.dataset.drawn = "whole";
    return;
  }
  piece();
  setTimeout(next);
}

/** False at first, true when its turn has come. */
export function useTurn(): boolean {
  const [come, setCome] = useState(false);
  useEffect(() => {
    waiting.push(() => setCome(true));
    if (running) return;
    running = true;
    requestAnimationFrame(() => setTimeout(next));
  }, []);
  return come;
}
