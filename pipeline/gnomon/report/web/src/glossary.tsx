// Words that a reader may not know: their meaning on hover or focus, and all of them at the end of the page.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { WORDS } from "./text";
import { SimulatedMark } from "./simulated";

export type Word = keyof typeof WORDS.glossary;
const GAP = 6;
const idOf = (word: string) => `meaning-${word.replace(/[^\w]+/g, "-")}`;

/** The meaning of a word, above everything else and within the window. */
function Meaning({ of, at }: { of: Word; at: HTMLElement }) {
  const tip = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const box = tip.current!, around = at.getBoundingClientRect();
    box.showPopover();
    const { width, height } = box.getBoundingClientRect();
    const below = around.bottom + GAP + height < innerHeight || around.top < height + GAP;
    box.style.left = `${Math.max(8, Math.min(around.left, innerWidth - width - 8))}px`;
    box.style.top = `${below ? around.bottom + GAP : around.top - GAP - height}px`;
  }, []);
  return (
    <span ref={tip} role="tooltip" class="meaning" popover="manual">
      {WORDS.glossary[of]}
    </span>
  );
}

/** A word whose meaning shows while it has the pointer or the focus; the glossary's entry describes it. */
export function Term({ of, children }: { of: Word; children?: ComponentChildren }) {
  const word = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const show = () => setOpen(true), hide = () => setOpen(false);
  const keys = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault(); // Escape closes the meaning first, and the card after it
    event.stopPropagation();
    hide();
  };
  return (
    <span class="term" onMouseEnter={show} onMouseLeave={hide}>
      <button type="button" ref={word} aria-describedby={idOf(of)} onFocus={show} onBlur={hide} onClick={show} onKeyDown={keys}>
        {children ?? of}
      </button>
      {open && <Meaning of={of} at={word.current!} />}
    </span>
  );
}

const KNOWN = Object.keys(WORDS.glossary) as Word[];
const ANY = new RegExp(
  `\\b(${[...KNOWN].sort((a, b) => b.length - a.length).map((word) => word.replace(/[^\w ]/g, "\\$&")).join("|")})(s?)\\b`,
  "gi",
);

/** Text in which each word of the glossary is explained where it first stands. */
export function explained(text: string): ComponentChildren {
  const made: ComponentChildren[] = [];
  const done = new Set<string>();
  let from = 0;
  for (const found of text.matchAll(ANY)) {
    const word = KNOWN.find((one) => one.toLowerCase() === found[1]!.toLowerCase())!;
    if (done.has(word)) continue;
    done.add(word);
    // No line breaks between a word and the signs around it.
    const [lead] = /\S*$/.exec(text.slice(from, found.index))!;
    const end = found.index + found[0].length, [trail] = /^\S*/.exec(text.slice(end))!;
    made.push(
      text.slice(from, found.index - lead.length),
      <span class="bound">
        {lead}
        <Term of={word}>{found[0]}</Term>
        {trail}
      </span>,
    );
    from = end + trail.length;
  }
  return [...made, text.slice(from)];
}

export function Glossary() {
  return (
    <section id="words" aria-labelledby="words-head">
      <h2 id="words-head">
        What the words mean <SimulatedMark />
      </h2>
      <dl class="words">
        {Object.entries(WORDS.glossary).map(([word, meaning]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd id={idOf(word)}>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
