import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { useEndpoints } from "../../api/use-endpoints.ts";
import { useVpc } from "../../api/use-vpcs.ts";
import type { Vpc } from "../../api/generated.ts";
import { attachmentText } from "../../parts/attachment-fields.tsx";
import { ChangeDialog } from "../../parts/change-dialog.tsx";
import { Copyable } from "../../parts/copyable.tsx";
import { EndpointStatusIndicator } from "../../parts/endpoint-status.tsx";
import { formatTime } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Pool } from "../../parts/pool.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";
import { AttachNetwork } from "./attach-network.tsx";

const t = texts.networks;

/** One network: its pools, its attachment, and which endpoints are in it. */
export function NetworkPage() {
  const { id = "" } = useParams();
  const query = useVpc(id);
  const [asked, setAsked] = useState<"attach" | "delete">();
  const vpc = query.data;
  return (
    <>
      <Loaded query={query} title={id}>
        {(loaded) => <Network vpc={loaded} onAsk={setAsked} />}
      </Loaded>
      {vpc && asked === "attach" ? <AttachNetwork vpc={vpc} onClose={() => setAsked(undefined)} /> : null}
      {vpc && asked === "delete" ? <DeleteNetwork vpc={vpc} onClose={() => setAsked(undefined)} /> : null}
    </>
  );
}

interface NetworkProps {
  readonly vpc: Vpc;
  readonly onAsk: (what: "attach" | "delete") => void;
}

function Network({ vpc, onAsk }: NetworkProps) {
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                disabled={vpc.attachment.kind === "loopback"}
                disabledReason={t.attachedForGood}
                onClick={() => onAsk("attach")}
              >
                {t.attach}
              </Button>
              <Button onClick={() => onAsk("delete")}>{t.delete}</Button>
            </SpaceBetween>
          }
        >
          {vpc.name}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Facts vpc={vpc} />
        <Container header={<Header variant="h2">{t.subnets}</Header>}>
          <SpaceBetween size="m">
            {vpc.subnets.map((subnet) => (
              <Pool key={subnet.id} subnet={subnet} />
            ))}
          </SpaceBetween>
        </Container>
        <EndpointsOf vpc={vpc} />
      </SpaceBetween>
    </ContentLayout>
  );
}

function Facts({ vpc }: { readonly vpc: Vpc }) {
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: t.cidr, value: [vpc.cidr, vpc.cidr6].filter(Boolean).join(" · ") },
          { label: t.attachment, value: attachmentText(vpc.attachment) },
          { label: t.engine, value: t.engines[vpc.attachment.kind] },
          {
            label: t.nameServer,
            value: vpc.dns_address ? <Copyable text={vpc.dns_address} what={t.nameServer} /> : t.noNameServer,
          },
          { label: t.created, value: formatTime(vpc.created_at) },
        ]}
      />
    </Container>
  );
}

function EndpointsOf({ vpc }: { readonly vpc: Vpc }) {
  const endpoints = useEndpoints().data?.filter((endpoint) => endpoint.vpc_id === vpc.id) ?? [];
  return (
    <Container
      header={
        <Header variant="h2" counter={`(${endpoints.length})`}>
          {t.endpointsHere}
        </Header>
      }
    >
      {endpoints.length === 0 ? t.noEndpointsHere : null}
      <SpaceBetween size="xs">
        {endpoints.slice(0, 50).map(({ id, ip, status }) => (
          <SpaceBetween key={id} direction="horizontal" size="m">
            <Link to={`/endpoints/${id}`}>{ip}</Link>
            <EndpointStatusIndicator status={status} />
          </SpaceBetween>
        ))}
      </SpaceBetween>
    </Container>
  );
}

function DeleteNetwork({ vpc, onClose }: { readonly vpc: Vpc; readonly onClose: () => void }) {
  const { own } = useSession();
  return (
    <ChangeDialog
      change={{
        title: t.deleteTitle(vpc.name),
        description: t.deleteWarns(vpc.name, [vpc.cidr, vpc.cidr6].filter(Boolean).join(", ")),
        confirm: t.delete,
        method: "DELETE",
        path: `${own}/vpcs/${vpc.id}`,
        farewell: { path: "/networks", done: t.deleted(vpc.name) },
      }}
      onClose={onClose}
    />
  );
}
