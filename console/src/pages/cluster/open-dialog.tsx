import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Cluster } from "../../api/generated.ts";
import { Failure } from "../../parts/failure.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.open;
const options = [
  "endpoint_with_dns_name",
  "profession_vpcep",
  "dualstack_enable",
  "approval_enabled",
] as const;

interface OpenDialogProps {
  readonly cluster: Cluster;
  readonly onClose: () => void;
}

/** Turns the endpoint service on, with what the owner chooses for it. */
export function OpenDialog({ cluster, onClose }: OpenDialogProps) {
  const { api, info } = useSession();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState({
    endpoint_with_dns_name: cluster.service?.dns ?? true,
    profession_vpcep: cluster.service?.professional ?? false,
    dualstack_enable: false,
    approval_enabled: cluster.service?.approval_enabled ?? true,
  });
  const write = useMutation({
    mutationFn: () =>
      api.request("POST", `/v1.0/${info.project_id}/clusters/${cluster.id}/vpcepservice/open`, {
        body: chosen,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["clusters"] });
      onClose();
    },
  });
  return (
    <Modal
      visible
      header={t.title(cluster.name)}
      closeAriaLabel={texts.change.cancel}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {texts.change.cancel}
            </Button>
            <Button variant="primary" loading={write.isPending} onClick={() => write.mutate()}>
              {t.confirm}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {options.map((name) => (
          <Checkbox
            key={name}
            checked={chosen[name]}
            description={t.hints[name]}
            onChange={({ detail }) => setChosen({ ...chosen, [name]: detail.checked })}
          >
            {t.names[name]}
          </Checkbox>
        ))}
        {write.error ? <Failure title={texts.change.failed} error={write.error} /> : null}
      </SpaceBetween>
    </Modal>
  );
}
