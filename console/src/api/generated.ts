/* Made by `npm run console:types` from the description of the API. */

export interface ApiTypes {
  Plan: Plan;
  RefusalCounts: RefusalCounts;
  LiveFigures: LiveFigures;
  FiguresMessage: FiguresMessage;
  LiveNode: LiveNode;
  NodesMessage: NodesMessage;
  Connection: Connection;
  Permission: Permission;
  Connections: Connections;
  Gateway: Gateway;
  Status: Status;
  Session: Session;
  ClusterNode: ClusterNode;
  OpenedService: OpenedService;
  Cluster: Cluster;
  ProbedNode: ProbedNode;
  Subnet: Subnet;
  Vpc: Vpc;
  Endpoint: Endpoint;
  ExplainedRule: ExplainedRule;
  Explanation: Explanation;
  Refusal: Refusal;
  Service: Service;
  LiveSession: LiveSession;
  AuditRecord: AuditRecord;
  HappenedEvent: HappenedEvent;
  Sample: Sample;
  Samples: Samples;
  ConnectionThroughput: ConnectionThroughput;
  NewWebhook: NewWebhook;
  Webhook: Webhook;
  WebhookTest: WebhookTest;
  Delivery: Delivery;
  StartVpcepBody: StartVpcepBody;
  StartVpcepAnswer: StartVpcepAnswer;
  StopVpcepAnswer: StopVpcepAnswer;
  UpdateVpcepConnectionBody: UpdateVpcepConnectionBody;
  UpdateVpcepConnectionAnswer: UpdateVpcepConnectionAnswer;
  UpdateVpcepWhitelistBody: UpdateVpcepWhitelistBody;
  UpdateVpcepWhitelistAnswer: UpdateVpcepWhitelistAnswer;
  CreateSessionBody: CreateSessionBody;
  RegisterClusterBody: RegisterClusterBody;
  ListRegisteredClustersAnswer: ListRegisteredClustersAnswer;
  ProbeClusterBody: ProbeClusterBody;
  ProbeClusterAnswer: ProbeClusterAnswer;
  DrainNodeBody: DrainNodeBody;
  UpdateOpenedServiceBody: UpdateOpenedServiceBody;
  CreateVpcBody: CreateVpcBody;
  ListVpcsAnswer: ListVpcsAnswer;
  UpdateVpcBody: UpdateVpcBody;
  CreateConsumerEndpointBody: CreateConsumerEndpointBody;
  ListConsumerEndpointsAnswer: ListConsumerEndpointsAnswer;
  ListConnectionsAnswer: ListConnectionsAnswer;
  UpdateConnectionCapBody: UpdateConnectionCapBody;
  ListRefusalsOfEndpointAnswer: ListRefusalsOfEndpointAnswer;
  ListRefusalsOfServiceAnswer: ListRefusalsOfServiceAnswer;
  ListRefusalsOfClusterAnswer: ListRefusalsOfClusterAnswer;
  ListServicesAnswer: ListServicesAnswer;
  DecideConnectionsOfServiceBody: DecideConnectionsOfServiceBody;
  DecideConnectionsOfServiceAnswer: DecideConnectionsOfServiceAnswer;
  ReplaceWhitelistOfServiceBody: ReplaceWhitelistOfServiceBody;
  ReplaceWhitelistOfServiceAnswer: ReplaceWhitelistOfServiceAnswer;
  ListSessionsOfClusterAnswer: ListSessionsOfClusterAnswer;
  ListSessionsOfServiceAnswer: ListSessionsOfServiceAnswer;
  ListSessionsOfEndpointAnswer: ListSessionsOfEndpointAnswer;
  ListAuditAnswer: ListAuditAnswer;
  ListAuditOfAllProjectsAnswer: ListAuditOfAllProjectsAnswer;
  ListEventsAnswer: ListEventsAnswer;
  ListThroughputOfConnectionsAnswer: ListThroughputOfConnectionsAnswer;
  CreateWebhookBody: CreateWebhookBody;
  ListWebhooksAnswer: ListWebhooksAnswer;
  UpdateWebhookBody: UpdateWebhookBody;
  ListWebhookDeliveriesAnswer: ListWebhookDeliveriesAnswer;
}
export interface Plan {
  dry_run: true;
  action: string;
  endpoints: {
    id: string;
    account_id: string;
    effect: "created" | "deleted" | "cut" | "admitted" | "narrowed" | "moved";
    sessions: number;
    up_to?: number;
  }[];
  sessions_cut: number;
  sessions_cut_up_to?: number;
  accounts_losing_access: string[];
}
export interface RefusalCounts {
  not_accepted: number;
  not_whitelisted: number;
  source_not_allowed: number;
  session_cap: number;
  no_healthy_node: number;
  service_closed: number;
  connection_rate: number;
}
export interface LiveFigures {
  endpoint: string;
  sessions: number;
  new_sessions: number;
  bytes_in: number;
  bytes_out: number;
  refusals: RefusalCounts;
}
export interface FiguresMessage {
  endpoints: LiveFigures[];
}
export interface LiveNode {
  cluster: string;
  id: string;
  url: string;
  state: "serving" | "draining" | "drained" | "down";
  healthy: boolean | null;
  detail: string;
  sessions?: number;
  new_sessions?: number;
  bytes_in?: number;
  bytes_out?: number;
  drain?: {
    since: string;
    cut_at?: string;
  };
}
export interface NodesMessage {
  nodes: LiveNode[];
}
export interface Connection {
  id: string;
  status: "creating" | "pendingAcceptance" | "accepted" | "rejected" | "failed";
  maxSession: string;
  specificationName: string;
  vpcepIp: string;
  vpcepIpv6Address?: string;
  vpcepDnsName?: string;
  created_at: string;
  update_at?: string;
  domain_id: string;
}
export interface Permission {
  id: string;
  permission: string;
  permission_type: string;
  created_at: string;
}
export interface Connections {
  connections: Connection[];
  vpcepUpdateSwitch: boolean;
  total_count: number;
  vpcServiceName: string;
  permissions: Permission[];
}
export interface Gateway {
  id: string;
  name: string;
  connected: boolean;
  applied_revision: number | null;
  pid: number | null;
  engines: ("proxy" | "kernel")[] | null;
  last_seen_at: string | null;
}
export interface Status {
  version: string;
  region: string;
  dns_zone: string;
  revision: number;
  pid: number;
  gateways: Gateway[];
  counts: {
    clusters: number;
    services: number;
    endpoints: number;
    unattached: number;
    sessions: number;
  };
}
export interface Session {
  user: {
    id: string;
    name: string;
  };
  account: {
    id: string;
    name: string;
  };
  project_id: string;
  projects: {
    id: string;
    name: string;
  }[];
  role: "administrator" | "reader" | "custom";
  actions: string[];
  is_operator: boolean;
  expires_at: string | null;
}
export interface ClusterNode {
  id: string;
  url: string;
  state: "serving" | "draining" | "drained" | "down";
  healthy: boolean | null;
  detail: string;
  sessions?: number;
  new_sessions?: number;
  bytes_in?: number;
  bytes_out?: number;
  drain?: {
    since: string;
    cut_at?: string;
  };
}
export interface OpenedService {
  id: string;
  name: string;
  enabled: boolean;
  approval_enabled: boolean;
  reconcile_connections: boolean;
  dns: boolean;
  professional: boolean;
}
export interface Cluster {
  id: string;
  name: string;
  state: string;
  engine: "opensearch" | "elasticsearch";
  version: string;
  client_port: number;
  vpc_id: string;
  subnet_id: string;
  nodes: ClusterNode[];
  service: OpenedService | null;
  created_at: string;
  updated_at: string;
}
export interface ProbedNode {
  url: string;
  answered: boolean;
  detail: string;
  engine?: "opensearch" | "elasticsearch";
  version?: string;
  name?: string;
  cluster_name?: string;
  cluster_uuid?: string;
}
export interface Subnet {
  id: string;
  name: string;
  cidr: string;
  cidr6?: string;
  addresses_used: number;
  addresses_free: number;
}
export interface Vpc {
  id: string;
  name: string;
  cidr: string;
  cidr6?: string;
  attachment: {
    kind: "loopback" | "none" | "interface" | "netns";
    device?: string;
    namespace?: string;
  };
  dns_address?: string;
  subnets: Subnet[];
  created_at: string;
}
export interface Endpoint {
  id: string;
  status: "creating" | "pendingAcceptance" | "accepted" | "rejected" | "failed";
  ip: string;
  ip6?: string;
  port: number;
  ports: number[];
  service_id: string;
  service_name: string;
  cluster_id: string;
  vpc_id: string;
  subnet_id: string;
  account_id: string;
  project_id: string;
  max_session: number;
  max_connection_rate?: number;
  max_bandwidth?: number;
  dns_name?: string;
  attached: boolean;
  note?: string;
  specification_name: string;
  description: string;
  owner_note?: string;
  sessions: number;
  new_sessions: number;
  bytes_in: number;
  bytes_out: number;
  refusals: RefusalCounts;
  error?: {
    code: string;
    message: string;
  };
  created_at: string;
  updated_at?: string;
}
export interface ExplainedRule {
  name: string;
  outcome: "passed" | "refused" | "unreachable" | "unknown";
  reason?: string;
  looked_at: string;
  change?: {
    by: "owner" | "consumer" | "operator";
    what: string;
    command?: string;
  };
}
export interface Explanation {
  endpoint: string;
  account?: string;
  source?: string;
  port?: number;
  verdict: "admitted" | "refused" | "unreachable" | "unknown";
  reason?: string;
  rules: ExplainedRule[];
}
export interface Refusal {
  reason:
    | "not_accepted"
    | "not_whitelisted"
    | "source_not_allowed"
    | "session_cap"
    | "no_healthy_node"
    | "service_closed"
    | "connection_rate";
  rule: string;
  source?: string;
  endpoint: string;
  account: string;
  first_at: string;
  last_at: string;
  count: number;
}
export interface Service {
  id: string;
  name: string;
  cluster_id: string;
  cluster_name: string;
  origin: string;
  approval_enabled: boolean;
  connections: number;
  created_at: string;
}
export interface LiveSession {
  id: string;
  endpoint: string;
  source: string;
  node?: string;
  state: string;
  started_at?: string;
  age_seconds?: number;
  idle_seconds?: number;
  bytes_in: number;
  bytes_out: number;
}
export interface AuditRecord {
  seq: number;
  at: string;
  action: string;
  actor?: string;
  account_id?: string;
  project_id?: string;
  source?: string;
  resource?: string;
  revision?: number;
  request_id?: string;
  changes: {
    resource: string;
    project_id?: string;
    before: {
      [k: string]: unknown;
    } | null;
    after: {
      [k: string]: unknown;
    } | null;
  }[];
  changes_total?: number;
}
export interface HappenedEvent {
  id: number;
  type:
    | "connection.pending"
    | "connection.accepted"
    | "connection.rejected"
    | "endpoint.created"
    | "endpoint.ready"
    | "endpoint.failed"
    | "endpoint.deleted"
    | "service.opened"
    | "service.closed"
    | "service.no_healthy_node"
    | "service.healthy"
    | "whitelist.changed"
    | "node.down"
    | "node.up"
    | "cap.80"
    | "cap.100"
    | "sessions.severed"
    | "pool.almost_empty"
    | "gateway.silent"
    | "gateway.back"
    | "gateway.takeover";
  timestamp: string;
  project_id: string;
  resource: string;
  data: {
    [k: string]: unknown;
  };
}
export interface Sample {
  at: string;
  sessions: number;
  new_sessions: number;
  bytes_in: number;
  bytes_out: number;
  refusals: number;
}
export interface Samples {
  interval_seconds: number;
  samples: Sample[];
}
export interface ConnectionThroughput {
  endpoint: string;
  bytes: (number | null)[];
}
export interface NewWebhook {
  id: string;
  url: string;
  kinds: (
    | "connection.pending"
    | "connection.accepted"
    | "connection.rejected"
    | "endpoint.created"
    | "endpoint.ready"
    | "endpoint.failed"
    | "endpoint.deleted"
    | "service.opened"
    | "service.closed"
    | "service.no_healthy_node"
    | "service.healthy"
    | "whitelist.changed"
    | "node.down"
    | "node.up"
    | "cap.80"
    | "cap.100"
    | "sessions.severed"
    | "pool.almost_empty"
    | "gateway.silent"
    | "gateway.back"
    | "gateway.takeover"
  )[];
  description: string;
  enabled: boolean;
  created_at: string;
  updated_at: string;
  secret: string;
}
export interface Webhook {
  id: string;
  url: string;
  kinds: (
    | "connection.pending"
    | "connection.accepted"
    | "connection.rejected"
    | "endpoint.created"
    | "endpoint.ready"
    | "endpoint.failed"
    | "endpoint.deleted"
    | "service.opened"
    | "service.closed"
    | "service.no_healthy_node"
    | "service.healthy"
    | "whitelist.changed"
    | "node.down"
    | "node.up"
    | "cap.80"
    | "cap.100"
    | "sessions.severed"
    | "pool.almost_empty"
    | "gateway.silent"
    | "gateway.back"
    | "gateway.takeover"
  )[];
  description: string;
  enabled: boolean;
  created_at: string;
  updated_at: string;
}
export interface WebhookTest {
  delivered: boolean;
  status?: number;
  problem?: string;
  duration_ms: number;
}
export interface Delivery {
  id: string;
  event_id: number;
  kind:
    | "connection.pending"
    | "connection.accepted"
    | "connection.rejected"
    | "endpoint.created"
    | "endpoint.ready"
    | "endpoint.failed"
    | "endpoint.deleted"
    | "service.opened"
    | "service.closed"
    | "service.no_healthy_node"
    | "service.healthy"
    | "whitelist.changed"
    | "node.down"
    | "node.up"
    | "cap.80"
    | "cap.100"
    | "sessions.severed"
    | "pool.almost_empty"
    | "gateway.silent"
    | "gateway.back"
    | "gateway.takeover";
  resource: string;
  status: "pending" | "dead";
  failures: number;
  next_attempt_at?: string;
  problem?: string;
  created_at: string;
}
export interface StartVpcepBody {
  endpoint_with_dns_name?: boolean | ("true" | "false");
  endpointWithDnsName?: boolean | ("true" | "false");
  profession_vpcep?: boolean | ("true" | "false");
  professionVpcep?: boolean | ("true" | "false");
  dualstack_enable?: boolean | ("true" | "false");
  dualstackEnable?: boolean | ("true" | "false");
  approval_enabled?: boolean | ("true" | "false");
}
export interface StartVpcepAnswer {
  action: string;
}
export interface StopVpcepAnswer {
  action: string;
}
export interface UpdateVpcepConnectionBody {
  action: "receive" | "reject";
  /**
   * @minItems 1
   * @maxItems 1000
   */
  endpoint_id_list?: string[];
  /**
   * @minItems 1
   * @maxItems 1000
   */
  endpointIdList?: string[];
}
export interface UpdateVpcepConnectionAnswer {}
export interface UpdateVpcepWhitelistBody {
  /**
   * @maxItems 1000
   */
  vpc_permissions?: string[];
  /**
   * @maxItems 1000
   */
  vpcPermissions?: string[];
  reconcile_connections?: boolean | ("true" | "false");
}
export interface UpdateVpcepWhitelistAnswer {}
export interface CreateSessionBody {
  account: string;
  user: string;
  password: string;
  project?: string;
}
export interface RegisterClusterBody {
  name: string;
  /**
   * @minItems 1
   * @maxItems 200
   */
  nodes: string[];
  username?: string;
  password?: string;
  ca?: string;
  insecure_skip_verify?: boolean | ("true" | "false");
  engine?: "opensearch" | "elasticsearch";
  version?: string;
  vpc_id?: string;
  subnet_id?: string;
  client_port?: number;
  probe?: boolean | ("true" | "false");
}
export interface ListRegisteredClustersAnswer {
  clusters: Cluster[];
  total_count: number;
}
export interface ProbeClusterBody {
  /**
   * @minItems 1
   * @maxItems 200
   */
  nodes: string[];
  username?: string;
  password?: string;
  ca?: string;
  insecure_skip_verify?: boolean | ("true" | "false");
}
export interface ProbeClusterAnswer {
  nodes: ProbedNode[];
}
export interface DrainNodeBody {
  timeout_seconds?: number;
  force?: boolean | ("true" | "false");
}
export interface UpdateOpenedServiceBody {
  dns?: boolean | ("true" | "false");
  professional?: boolean | ("true" | "false");
  dual_stack?: boolean | ("true" | "false");
  approval_enabled?: boolean | ("true" | "false");
}
export interface CreateVpcBody {
  name: string;
  cidr?: string;
  cidr6?: string;
  attachment?: {
    kind: "loopback" | "none" | "interface" | "netns";
    device?: string;
    namespace?: string;
  };
  /**
   * @minItems 1
   * @maxItems 100
   */
  subnets?: {
    name: string;
    cidr: string;
    cidr6?: string;
  }[];
}
export interface ListVpcsAnswer {
  vpcs: Vpc[];
  total_count: number;
}
export interface UpdateVpcBody {
  attachment?: {
    kind: "loopback" | "none" | "interface" | "netns";
    device?: string;
    namespace?: string;
  };
  cidr6?: string;
}
export interface CreateConsumerEndpointBody {
  service: string;
  vpc_id?: string;
  subnet_id?: string;
  ip?: string;
  dual_stack?: boolean | ("true" | "false");
  ip6?: string;
  enable_dns?: boolean | ("true" | "false");
  max_session?: number;
  description?: string;
}
export interface ListConsumerEndpointsAnswer {
  endpoints: Endpoint[];
  total_count: number;
}
export interface ListConnectionsAnswer {
  connections: Endpoint[];
  total_count: number;
}
export interface UpdateConnectionCapBody {
  max_session: number;
  max_connection_rate?: number | null;
  max_bandwidth?: number | null;
}
export interface ListRefusalsOfEndpointAnswer {
  refusals: Refusal[];
  total_count: number;
}
export interface ListRefusalsOfServiceAnswer {
  refusals: Refusal[];
  total_count: number;
}
export interface ListRefusalsOfClusterAnswer {
  refusals: Refusal[];
  total_count: number;
}
export interface ListServicesAnswer {
  services: Service[];
  total_count: number;
}
export interface DecideConnectionsOfServiceBody {
  action: "receive" | "reject";
  /**
   * @minItems 1
   * @maxItems 1000
   */
  endpoint_id_list?: string[];
  /**
   * @minItems 1
   * @maxItems 1000
   */
  endpointIdList?: string[];
}
export interface DecideConnectionsOfServiceAnswer {}
export interface ReplaceWhitelistOfServiceBody {
  /**
   * @maxItems 1000
   */
  vpc_permissions?: string[];
  /**
   * @maxItems 1000
   */
  vpcPermissions?: string[];
  reconcile_connections?: boolean | ("true" | "false");
}
export interface ReplaceWhitelistOfServiceAnswer {}
export interface ListSessionsOfClusterAnswer {
  sessions: LiveSession[];
  total_count: number;
  returned_count: number;
  gateways_missing?: number;
}
export interface ListSessionsOfServiceAnswer {
  sessions: LiveSession[];
  total_count: number;
  returned_count: number;
  gateways_missing?: number;
}
export interface ListSessionsOfEndpointAnswer {
  sessions: LiveSession[];
  total_count: number;
  returned_count: number;
  gateways_missing?: number;
}
export interface ListAuditAnswer {
  events: AuditRecord[];
  next?: number;
}
export interface ListAuditOfAllProjectsAnswer {
  events: AuditRecord[];
  next?: number;
}
export interface ListEventsAnswer {
  events: HappenedEvent[];
  next_after: number;
  has_more: boolean;
  reset?: boolean;
}
export interface ListThroughputOfConnectionsAnswer {
  interval_seconds: number;
  from: string;
  connections: ConnectionThroughput[];
  total_count: number;
}
export interface CreateWebhookBody {
  url: string;
  /**
   * @maxItems 50
   */
  kinds?: string[];
  description?: string;
  enabled?: boolean;
}
export interface ListWebhooksAnswer {
  webhooks: Webhook[];
  total_count: number;
}
export interface UpdateWebhookBody {
  url?: string;
  /**
   * @maxItems 50
   */
  kinds?: string[];
  description?: string;
  enabled?: boolean;
}
export interface ListWebhookDeliveriesAnswer {
  deliveries: Delivery[];
  total_count: number;
}
