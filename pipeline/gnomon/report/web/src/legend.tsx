// What the marks of the timeline mean.
import type { Page } from "./data";
import { hasLoads } from "./filter";
import { Term } from "./glossary";

const IMAGE = "image: the longer the line, the more water was visible; ships in the image stand on it";

export function Legend({ page }: { page: Page }) {
  if (!hasLoads(page))
    return (
      <ul class="legend" aria-label="Marks">
        <li class="mark clear">{IMAGE}</li>
      </ul>
    );
  return (
    <ul class="legend" aria-label="Marks">
      <li>
        <i class="line seen" /> visit, from its first to its last image, in the colour of what its own images show:{" "}
        <span class="mark laden">
          <Term of="laden" />
        </span>{" "}
        <span class="mark ballast">
          <Term of="ballast">in ballast</Term>
        </span>{" "}
        <span class="mark indeterminate">cannot be determined</span>
      </li>
      <li>
        <i class="line supposed" /> <Term of="supposed" />, not seen: when it may have come and gone (<Term of="90 % interval" />)
      </li>
      <li class="mark clear">{IMAGE}, larger if they belong to a visit</li>
    </ul>
  );
}
