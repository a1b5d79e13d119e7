import type { Plan } from "../../domain/plan.ts";

/** Thrown instead of an answer by a write that was only rehearsed: it has changed nothing. */
export class DryRun extends Error {
  readonly plan: Plan;

  constructor(plan: Plan) {
    super("dry run");
    this.name = "DryRun";
    this.plan = plan;
  }
}

/** Body of the answer to a dry run. */
export function renderPlan({ endpoints, sessionsCut, accountsLosingAccess }: Plan): object {
  return {
    dry_run: true,
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
