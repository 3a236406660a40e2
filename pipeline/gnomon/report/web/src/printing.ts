// Whether the page is being printed: then it holds every visit and every ship.
import { flushSync } from "preact/compat";
import { useEffect, useState } from "preact/hooks";

/** True from just before a print until it is done. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    // The browser takes the page as it is when these return.
    const begin = () => flushSync(() => setPrinting(true));
    const end = () => setPrinting(false);
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", end);
    return () => {
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", end);
    };
  }, []);
  return printing;
}

/** Text as a string of CSS. */
const quoted = (text: string) => `"${text.replace(/[^\p{L}\p{N} .,:;()\-]/gu, " ")}"`;

/** At the foot of each printed page the run and the page's number, at its head whether the run is simulated. */
export function pageMargins(name: string, simulated: boolean): string {
  const head = simulated
    ? `@top-center { content: "SIMULATED: made by a computer, not of real ships or places"; font: 700 9pt sans-serif; color: #a34400; border: 1.5pt solid #a34400; vertical-align: middle; margin-block: 4mm; }`
    : "";
  return `@page { size: A4; margin: 18mm 14mm 16mm; ${head}
    @bottom-left { content: ${quoted(`gnomon, ${name}`)}; font: 8pt sans-serif; color: #444; }
    @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt sans-serif; color: #444; } }`;
}
