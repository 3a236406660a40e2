// Work deferred until the first view is painted, one piece at a time.
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

/** False at first, true once this piece of work has its turn. */
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
