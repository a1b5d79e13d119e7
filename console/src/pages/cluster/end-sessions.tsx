import Box from "@cloudscape-design/components/box";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiFailure } from "../../api/failure.ts";
import type { Cluster, LiveSession } from "../../api/generated.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.sessions.end;
const mostNamed = 5;

interface EndSessionsProps {
  readonly cluster: Cluster;
  /** One or more. */
  readonly sessions: readonly LiveSession[];
  readonly onClose: (isDone: boolean) => void;
}

/** Ends sessions one after the other, and says how far it is. Those that have ended by themselves meanwhile are no failure. */
export function EndSessions({ cluster, sessions, onClose }: EndSessionsProps) {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const [done, setDone] = useState(0);
  const end = useMutation({
    mutationFn: async () => {
      let gone = 0;
      for (const [count, { id, endpoint }] of sessions.entries()) {
        const path = `${own}/clusters/${cluster.id}/sessions/${encodeURIComponent(id)}`;
        try {
          await api.request("DELETE", path, { query: { endpoint } });
        } catch (error) {
          if (!(error instanceof ApiFailure && error.status === 404)) throw error;
          gone += 1;
        }
        setDone(count + 1);
      }
      return gone;
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["clusters", cluster.id, "sessions"] }),
  });
  const title = t.title(sessions.map(({ source }) => source));
  if (end.isSuccess) {
    return (
      <Dialog title={title} onClose={() => onClose(true)}>
        <output>
          <StatusIndicator>{t.done(sessions.length - end.data, end.data)}</StatusIndicator>
        </output>
      </Dialog>
    );
  }
  return (
    <Dialog
      title={title}
      action={{ text: t.confirm, onClick: () => end.mutate(), isBusy: end.isPending }}
      onClose={() => onClose(false)}
    >
      <Box>{t.text(sessions.length)}</Box>
      <ul>
        {sessions.slice(0, mostNamed).map(({ id, endpoint, source, node }) => (
          <li key={`${endpoint} ${id}`}>{t.named(source, endpoint, node)}</li>
        ))}
        {sessions.length > mostNamed ? <li>{texts.change.more(sessions.length - mostNamed)}</li> : null}
      </ul>
      <output>
        {end.isPending ? (
          <StatusIndicator type="in-progress">{t.progress(done, sessions.length)}</StatusIndicator>
        ) : null}
      </output>
      {end.error ? <Failure title={t.failed(done)} error={end.error} /> : null}
    </Dialog>
  );
}
