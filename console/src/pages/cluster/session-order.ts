import type { LiveSession } from "../../api/generated.ts";

type Comparator = (one: LiveSession, other: LiveSession) => number;

const collator = new Intl.Collator("en", { numeric: true });

/** Puts sessions in the order of a number; what is not known comes before all that is. */
export function byNumber(read: (session: LiveSession) => number | undefined): Comparator {
  return (one, other) => (read(one) ?? -1) - (read(other) ?? -1);
}

/** Puts sessions in the order of a text, in which numbers count as numbers: 10.0.0.9 comes before 10.0.0.10. */
export function byText(read: (session: LiveSession) => string | undefined): Comparator {
  return (one, other) => collator.compare(read(one) ?? "", read(other) ?? "");
}
