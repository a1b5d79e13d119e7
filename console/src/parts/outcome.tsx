import { texts } from "../texts/en.ts";

const t = texts.change;

/** What a write has done beyond what was asked for. */
export interface Outcome {
  /** Says what was done. */
  readonly done: string;
  /** How many sessions it cut. */
  readonly severed: number;
  /** Whether every gateway has it in force. */
  readonly isEnforced: boolean;
}

export function outcomeOf(done: string, headers: Headers): Outcome {
  const severed = Number(headers.get("x-postern-severed") ?? 0);
  return { done, severed, isEnforced: headers.get("x-postern-enforced") === "true" };
}

/** An outcome in words, below what says that it was done. */
export function OutcomeText({ outcome: { severed, isEnforced } }: { readonly outcome: Outcome }) {
  return (
    <>
      <div>{t.severed(severed)}</div>
      <div>{isEnforced ? t.enforced : t.pending}</div>
    </>
  );
}
