import type { Plan } from "../../domain/plan.ts";

/** Thrown instead of an answer by a write that was only rehearsed: it has changed nothing. */
export class DryRun extends Error {
  /** What was rehearsed, as the audit trail would call it. */
  readonly action: string;
  readonly plan: Plan;

  constructor(action: string, plan: Plan) {
    super("dry run");
    this.name = "DryRun";
    this.action = action;
    this.plan = plan;
  }
}

/** Body of the answer to a dry run; upper bounds are there where the server does not know the exact number. */
export function renderPlan({ action, plan }: DryRun): object {
  const { endpoints, sessionsCut, sessionsCutUpTo, accountsLosingAccess } = plan;
  return {
    dry_run: true,
    action,
    endpoints: endpoints.map(({ id, accountId, effect, sessions, upTo }) => ({
      id,
      account_id: accountId,
      effect,
      sessions,
      ...(upTo > sessions ? { up_to: upTo } : {}),
    })),
    sessions_cut: sessionsCut,
    ...(sessionsCutUpTo > sessionsCut ? { sessions_cut_up_to: sessionsCutUpTo } : {}),
    accounts_losing_access: accountsLosingAccess,
  };
}
