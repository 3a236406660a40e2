// A container for a figure of Observable Plot, drawn again when its width or its data change.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export type Drawn = HTMLElement | SVGElement;

interface Props {
  class?: string;
  children?: ComponentChildren;
  draw: (width: number) => Drawn;
  /** Values that the drawing depends on. */
  on: unknown[];
  onDrawn?: (drawn: Drawn) => void;
  label?: string;
}

export function Figure({ draw, on, onDrawn, label, children, class: name }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => setWidth(Math.round(box.current!.clientWidth)));
    setWidth(Math.round(box.current!.clientWidth));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (!width) return;
    const drawn = draw(width);
    if (label) {
      const svg = drawn.matches("svg") ? drawn : drawn.querySelector("svg");
      for (const mark of drawn.querySelectorAll("[aria-label]")) mark.removeAttribute("aria-label");
      svg?.setAttribute("role", "img");
      svg?.setAttribute("aria-label", label);
    }
    place.current!.replaceChildren(drawn);
    onDrawn?.(drawn);
  }, [width, label, ...on]);
  return (
    <div ref={box} class={name}>
      <div ref={place} />
      {children}
    </div>
  );
}
