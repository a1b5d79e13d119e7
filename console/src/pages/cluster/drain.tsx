import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import type { Cluster, ClusterNode } from "../../api/generated.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { formatTime } from "../../parts/format.ts";
import { TextField } from "../../parts/text-field.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.nodes.drain;
const longestMinutes = 1_440;

interface DrainDialogProps {
  readonly cluster: Cluster;
  readonly node: ClusterNode;
  readonly onClose: () => void;
}

/** Keeps new sessions away from a node, and says what becomes of those that are there. */
export function DrainDialog({ cluster, node, onClose }: DrainDialogProps) {
  const { own } = useSession();
  const [end, setEnd] = useState<"themselves" | "cut">("themselves");
  const [minutes, setMinutes] = useState("5");
  const [isForced, setForced] = useState(false);
  const isCut = end === "cut";
  const isValid = minutes !== "" && Number(minutes) >= 0 && Number(minutes) <= longestMinutes;
  const change: Change = {
    title: t.title(node.url),
    description: t.text,
    confirm: t.confirm,
    method: "POST",
    path: `${own}/clusters/${cluster.id}/nodes/${node.id}/drain`,
    body: {
      ...(isCut ? { timeout_seconds: Math.round(Number(minutes) * 60) } : {}),
      ...(isForced ? { force: true } : {}),
    },
  };
  return (
    <ChangeDialog change={change} isIncomplete={isCut && !isValid} onClose={onClose}>
      <FormField label={t.sessions} description={t.now(node.sessions)}>
        <RadioGroup
          value={end}
          onChange={({ detail }) => setEnd(detail.value === "cut" ? "cut" : "themselves")}
          items={[
            { value: "themselves", label: t.themselves, description: t.themselvesHint },
            { value: "cut", label: t.cut, description: t.cutHint },
          ]}
        />
      </FormField>
      {isCut ? (
        <TextField
          label={t.minutes}
          errorText={isValid ? undefined : t.minutesWrong(longestMinutes)}
          type="number"
          inputMode="decimal"
          value={minutes}
          onChange={setMinutes}
        />
      ) : null}
      <Checkbox
        checked={isForced}
        description={t.forceHint}
        onChange={({ detail }) => setForced(detail.checked)}
      >
        {t.force}
      </Checkbox>
    </ChangeDialog>
  );
}

/** How far the nodes that are being drained have come. Says nothing where there is none. */
export function DrainProgress({ nodes }: { readonly nodes: readonly ClusterNode[] }) {
  return (
    <output>
      {nodes.flatMap(({ id, url, sessions, state, drain }) =>
        drain ? (
          <Box key={id} padding={{ bottom: "s" }}>
            {state === "drained" ? (
              <StatusIndicator>{t.isDrained(url)}</StatusIndicator>
            ) : (
              <StatusIndicator type="in-progress">
                {t.left(url, sessions)}
                {drain.cut_at === undefined ? "" : ` ${t.cutAt(formatTime(drain.cut_at))}`}
              </StatusIndicator>
            )}
          </Box>
        ) : (
          []
        ),
      )}
    </output>
  );
}
