import { renderFields, renderTable } from "./table.ts";
import type { Output } from "./output.ts";

/** What the API says a write would do. */
export interface Plan {
  readonly endpoints: readonly {
    readonly id: string;
    readonly account_id: string;
    readonly effect: string;
    readonly sessions: number;
    /** Only where the server does not know exactly. */
    readonly up_to?: number;
  }[];
  readonly sessions_cut: number;
  readonly sessions_cut_up_to?: number;
  readonly accounts_losing_access: readonly string[];
}

/** Thrown in place of a write's answer under `--dry-run`: the command ends there, with the plan as its result. */
export class DryRunAnswer extends Error {
  readonly plan: Plan;

  constructor(plan: Plan) {
    super("dry run");
    this.name = "DryRunAnswer";
    this.plan = plan;
  }
}

export function printPlan(out: Output, plan: Plan): void {
  if (out.isJson) {
    out.json(plan);
    return;
  }
  out.line("Nothing was changed. The change would do this:");
  if (plan.endpoints.length > 0) {
    const rows = plan.endpoints.map((one) => [
      one.id,
      one.effect,
      atMost(one.sessions, one.up_to),
      one.account_id,
    ]);
    out.line(renderTable(["ENDPOINT", "EFFECT", "SESSIONS CUT", "ACCOUNT"], rows));
  }
  out.line("");
  const losers = plan.accounts_losing_access;
  out.line(
    renderFields([
      ["Endpoints affected", String(plan.endpoints.length)],
      ["Sessions cut", atMost(plan.sessions_cut, plan.sessions_cut_up_to)],
      ["Accounts that lose access", losers.length === 0 ? "none" : losers.join(", ")],
    ]),
  );
}

function atMost(sessions: number, upTo = sessions): string {
  return upTo === sessions ? String(sessions) : `${sessions} to ${upTo}`;
}
