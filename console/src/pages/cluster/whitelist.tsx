import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { TableProps } from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Cluster, Connections, Permission } from "../../api/generated.ts";
import { useNames } from "../../api/use-names.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { formatTime } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.whitelist;
const accountPrefix = "iam:domain::";
const isEveryone = (entry: string): boolean => entry === "*" || entry === `${accountPrefix}*`;

/** An entry, with its account as people know it. */
interface Entry extends Permission {
  readonly account: string;
}

/** Which accounts may connect. */
export function WhitelistTab({ cluster }: { readonly cluster: Cluster }) {
  const { api, info } = useSession();
  const path = `/v1.0/${info.project_id}/clusters/${cluster.id}/vpcepservice`;
  const isOpen = cluster.service?.enabled === true;
  const query = useQuery({
    queryKey: ["clusters", cluster.id, "whitelist"],
    queryFn: ({ signal }) => api.get<Connections>(`${path}/connections`, { limit: 1 }, signal),
    enabled: isOpen,
  });
  const nameOf = useNames();
  const [selected, setSelected] = useState<readonly Entry[]>([]);
  const [change, setChange] = useState<Change>();
  if (!isOpen) return <Box padding="l">{t.closed}</Box>;
  const present = query.data?.permissions ?? [];
  const replace = (title: string, confirm: string, description: string, list: readonly string[]): Change => ({
    title,
    confirm,
    description,
    method: "POST",
    path: `${path}/permissions`,
    body: { vpc_permissions: list },
  });
  const add = (name: string): void => {
    const list = [...present.map(({ permission }) => permission), name];
    const [title, text] = isEveryone(name)
      ? [t.addEveryone, t.everyoneWarning]
      : [t.add.title(nameOf(name)), t.add.text];
    setChange(replace(title, t.add.confirm, text, list));
  };
  const remove = (): void => {
    const kept = present.filter(({ id }) => selected.every((row) => row.id !== id));
    const names = selected.map(({ account }) => account);
    const title = t.remove.title(names.length);
    setChange(
      replace(
        title,
        t.remove.confirm,
        t.remove.text(names),
        kept.map(({ permission }) => permission),
      ),
    );
  };
  return (
    <SpaceBetween size="m">
      {present.some(({ permission }) => isEveryone(permission)) ? (
        <Alert type="error" header={t.everyoneTitle}>
          {t.everyone}
        </Alert>
      ) : null}
      <AddForm isReady={query.data !== undefined} onAdd={add} />
      <ListTable<Entry>
        title={t.title}
        empty={t.empty}
        filter={t.filter}
        rows={query.data?.permissions.map((row) => ({ ...row, account: accountOf(row, nameOf) }))}
        idOf={({ id }) => id}
        nameOf={({ account }) => account}
        error={query.error}
        onRetry={() => void query.refetch()}
        selection={{ selected, onSelect: setSelected }}
        actions={
          <Button disabled={selected.length === 0} onClick={remove}>
            {t.remove.confirm}
          </Button>
        }
        columns={columns}
      />
      {change ? (
        <ChangeDialog
          change={change}
          onClose={(isDone) => {
            setChange(undefined);
            if (isDone) setSelected([]);
          }}
        />
      ) : null}
    </SpaceBetween>
  );
}

/** Its name, or what the entry says without what all entries begin with. */
function accountOf({ permission }: Permission, nameOf: (id: string) => string): string {
  if (isEveryone(permission)) return t.everybody;
  return nameOf(permission.startsWith(accountPrefix) ? permission.slice(accountPrefix.length) : permission);
}

const columns: readonly TableProps.ColumnDefinition<Entry>[] = [
  {
    id: "account",
    header: t.admitted,
    sortingField: "account",
    isRowHeader: true,
    cell: ({ account }) => account,
  },
  {
    id: "permission",
    header: t.permission,
    sortingField: "permission",
    cell: ({ permission }) => <code>{permission}</code>,
  },
  { id: "type", header: t.type, sortingField: "permission_type", cell: (row) => row.permission_type },
  {
    id: "since",
    header: t.since,
    sortingField: "created_at",
    cell: (row) => formatTime(row.created_at),
  },
];

interface AddFormProps {
  readonly isReady: boolean;
  readonly onAdd: (entry: string) => void;
}

function AddForm({ isReady, onAdd }: AddFormProps) {
  const [text, setText] = useState("");
  const entry = text.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (entry !== "" && isReady) onAdd(entry);
      }}
    >
      <TextField
        label={t.account}
        hint={t.accountHint}
        warningText={isEveryone(entry) ? t.everyoneWarning : undefined}
        secondaryControl={<Button disabled={entry === "" || !isReady}>{t.add.confirm}</Button>}
        value={text}
        onChange={setText}
      />
    </form>
  );
}
