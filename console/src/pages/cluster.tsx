import ContentLayout from "@cloudscape-design/components/content-layout";
import Tabs from "@cloudscape-design/components/tabs";
import type { ReactNode } from "react";
import { useNavigate, useParams } from "react-router";
import { useCluster } from "../api/use-cluster.ts";
import type { Cluster } from "../api/generated.ts";
import { Loaded } from "../parts/loaded.tsx";
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

type TabName = keyof typeof texts.cluster.tabs;

const tabs: Readonly<Record<TabName, (props: { readonly cluster: Cluster }) => ReactNode>> = {
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
  const query = useCluster(id);
  if (!isTab(tab)) return <NotFoundPage />;
  return (
    <Loaded query={query} title={id}>
      {(cluster) => <ClusterView cluster={cluster} tab={tab} />}
    </Loaded>
  );
}

function ClusterView({ cluster, tab }: { readonly cluster: Cluster; readonly tab: TabName }) {
  const navigate = useNavigate();
  return (
    <ContentLayout header={<ClusterHeader cluster={cluster} />}>
      <Tabs
        ariaLabel={cluster.name}
        activeTabId={tab}
        onChange={({ detail }) => void navigate(`/clusters/${cluster.id}/${detail.activeTabId}`)}
        tabs={Object.entries(tabs).map(([name, Tab]) => ({
          id: name,
          label: texts.cluster.tabs[name as TabName],
          href: `/console/clusters/${cluster.id}/${name}`,
          content: <Tab cluster={cluster} />,
        }))}
      />
    </ContentLayout>
  );
}

function isTab(name: string): name is TabName {
  return Object.hasOwn(tabs, name);
}
