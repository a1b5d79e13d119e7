import ContentLayout from "@cloudscape-design/components/content-layout";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import type { ReactNode } from "react";
import { useNavigate, useParams } from "react-router";
import { useCluster } from "../api/use-cluster.ts";
import type { Cluster } from "../api/generated.ts";
import { Failure } from "../parts/failure.tsx";
import { Loading } from "../parts/loading.tsx";
import { texts } from "../texts/en.ts";
import { AuditTab } from "./cluster/audit.tsx";
import { ConnectionsTab } from "./cluster/connections.tsx";
import { ClusterHeader } from "./cluster/header.tsx";
import { NodesTab } from "./cluster/nodes.tsx";
import { PictureTab } from "./cluster/picture.tsx";
import { RefusalsTab } from "./cluster/refusals.tsx";
import { SessionsTab } from "./cluster/sessions.tsx";
import { WhitelistTab } from "./cluster/whitelist.tsx";
import { NotFoundPage } from "./not-found.tsx";

const tabs: Readonly<
  Record<keyof typeof texts.cluster.tabs, (props: { readonly cluster: Cluster }) => ReactNode>
> = {
  connections: ConnectionsTab,
  picture: PictureTab,
  whitelist: WhitelistTab,
  nodes: NodesTab,
  sessions: SessionsTab,
  refusals: RefusalsTab,
  audit: AuditTab,
};

/** One cluster, its endpoint service, and everybody who is connected. */
export function ClusterPage() {
  const { id = "", tab = "connections" } = useParams();
  const navigate = useNavigate();
  const query = useCluster(id);
  const cluster = query.data;
  if (!cluster) {
    if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
    return <Loading />;
  }
  if (!Object.hasOwn(tabs, tab)) return <NotFoundPage />;
  return (
    <ContentLayout header={<ClusterHeader cluster={cluster} />}>
      <SpaceBetween size="m">
        {query.error ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : null}
        <Tabs
          ariaLabel={cluster.name}
          activeTabId={tab}
          onChange={({ detail }) => void navigate(`/clusters/${id}/${detail.activeTabId}`)}
          tabs={Object.entries(tabs).map(([name, Tab]) => ({
            id: name,
            label: texts.cluster.tabs[name as keyof typeof tabs],
            href: `/console/clusters/${id}/${name}`,
            content: <Tab cluster={cluster} />,
          }))}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}
