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

/** Body of the answer to a dry run. */
export function renderPlan({ action, plan }: DryRun): object {
  const { endpoints, sessionsCut, accountsLosingAccess } = plan;
  return {
    dry_run: true,
    action,
    endpoints: endpoints.map(({ id, accountId, effect, sessions }) => ({
      id,
      account_id: accountId,
      effect,
      sessions,
    })),
    sessions_cut: sessionsCut,
    accounts_losing_access: accountsLosingAccess,
  };
}
