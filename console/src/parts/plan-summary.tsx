import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import type { Plan } from "../api/generated.ts";
import { useNames } from "../api/use-names.ts";
import { texts } from "../texts/en.ts";

const t = texts.change;
const mostShown = 10;

/** What a write would do to the traffic, in words. */
export function PlanSummary({ plan }: { readonly plan: Plan }) {
  const { endpoints, sessions_cut: cut, accounts_losing_access: accounts } = plan;
  const nameOf = useNames();
  const upTo = plan.sessions_cut_up_to ?? cut;
  return (
    <Alert type={upTo > 0 || accounts.length > 0 ? "warning" : "info"} header={t.wouldCut(cut, upTo)}>
      {accounts.length === 0 ? null : (
        <Box>{t.losing(accounts.slice(0, mostShown).map(nameOf), accounts.length)}</Box>
      )}
      {endpoints.length === 0 ? (
        t.noEndpoint
      ) : (
        <ul>
          {endpoints.slice(0, mostShown).map(({ id, effect, sessions, up_to: most }) => (
            <li key={id}>{t.effect(id, t.effects[effect], Math.max(sessions, most ?? 0))}</li>
          ))}
          {endpoints.length > mostShown ? <li>{t.more(endpoints.length - mostShown)}</li> : null}
        </ul>
      )}
    </Alert>
  );
}
