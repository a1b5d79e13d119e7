import type { Generated } from "kysely";

/** SQLite has no boolean; 0 and 1. */
type Flag = 0 | 1;

/** Tables as Kysely sees them: column names in camelCase, in the database in snake_case. */
export interface Schema {
  installation: { key: string; value: string };
  revision: { id: 1; value: number };
  auditEvent: {
    seq: Generated<number>;
    revision: number;
    at: number;
    actor: string;
    action: string;
    resource: string;
    requestId: string | null;
    source: string | null;
    accountId: string | null;
    projectId: string | null;
    hash: string;
  };
  account: { id: string; name: string; createdAt: number };
  project: { id: string; accountId: string; name: string; createdAt: number };
  user: {
    id: string;
    accountId: string;
    name: string;
    passwordHash: string;
    isOperator: Flag;
    role: string;
    /** JSON array of text. */
    actions: string;
    createdAt: number;
  };
  accessKey: {
    id: string;
    userId: string;
    sealedSecret: string;
    securityTokenHash: string | null;
    expiresAt: number | null;
    createdAt: number;
  };
  token: {
    hash: string;
    userId: string;
    projectId: string | null;
    /** JSON array of text. */
    methods: string;
    expiresAt: number | null;
    createdAt: number;
  };
  vpc: {
    id: string;
    projectId: string;
    name: string;
    cidr: string;
    cidr6: string | null;
    attachment: string;
    /** Of the host's device or namespace. */
    attachmentName: string | null;
    number: number;
    dnsAddress: string | null;
    createdAt: number;
  };
  subnet: {
    id: string;
    vpcId: string;
    projectId: string;
    name: string;
    cidr: string;
    cidr6: string | null;
    poolCursor: string | null;
    pool6Cursor: string | null;
    createdAt: number;
  };
  releasedAddress: { subnetId: string; address: string; projectId: string; releasedAt: number };
  cluster: {
    id: string;
    projectId: string;
    name: string;
    state: string;
    engine: string;
    engineVersion: string;
    /** JSON array of {id, host, port, drain?}. */
    nodes: string;
    scheme: string;
    username: string | null;
    sealedPassword: string | null;
    ca: string | null;
    insecureSkipVerify: Flag;
    clientPort: number;
    vpcId: string;
    subnetId: string;
    /** JSON array of {key, value}. */
    tags: string;
    version: number;
    createdAt: number;
    updatedAt: number;
  };
  endpointService: {
    id: string;
    clusterId: string;
    projectId: string;
    name: string;
    enabled: Flag;
    updateSwitch: Flag;
    approvalEnabled: Flag;
    dnsEnabled: Flag;
    professional: Flag;
    reconcileConnections: Flag;
    origin: string;
    /** JSON array of {clientPort, serverPort}. */
    ports: string;
    description: string;
    /** JSON array of {key, value}. */
    tags: string;
    createdAt: number;
    updatedAt: number;
  };
  permission: {
    id: string;
    serviceId: string;
    permission: string;
    permissionType: string;
    description: string;
    createdAt: number;
  };
  endpoint: {
    id: string;
    serviceId: string;
    projectId: string;
    accountId: string;
    vpcId: string;
    subnetId: string;
    address: string;
    address6: string | null;
    phase: string;
    approval: string;
    rejectedBy: string | null;
    maxSession: number;
    maxConnectionRate: number | null;
    maxBandwidth: number | null;
    specificationName: string;
    dnsEnabled: Flag;
    description: string;
    ownerNote: string;
    markerId: number;
    sourceWhitelistEnabled: Flag;
    /** JSON array of text. */
    sourceWhitelist: string;
    /** JSON array of {key, value}. */
    tags: string;
    failureCode: string | null;
    failureMessage: string | null;
    createdRevision: number;
    createdAt: number;
    updatedAt: number | null;
  };
  serviceDomain: {
    id: string;
    serviceId: string;
    name: string;
    token: string;
    status: string;
    problem: string | null;
    createdAt: number;
    checkedAt: number | null;
  };
  refusal: {
    endpointId: string;
    serviceId: string;
    reason: string;
    /** Empty: others together. */
    source: string;
    firstAt: number;
    lastAt: number;
    count: number;
  };
  refusalBatch: { gatewayId: string; process: string; sequence: number };
  gateway: { id: string; name: string; tokenHash: string; lastSeenAt: number | null };
  event: {
    seq: Generated<number>;
    at: number;
    projectId: string;
    kind: string;
    resource: string;
    /** JSON object. */
    data: string;
  };
  /** The newest event of a project that was trimmed. */
  eventFloor: { projectId: string; seq: number };
  condition: { key: string; seen: string; told: string; toldAt: number; changes: number };
  webhook: {
    id: string;
    projectId: string;
    url: string;
    /** JSON array of text; empty: all. */
    kinds: string;
    description: string;
    enabled: Flag;
    sealedSecret: string;
    createdAt: number;
    updatedAt: number;
  };
  webhookDelivery: {
    id: string;
    webhookId: string;
    seq: number;
    kind: string;
    resource: string;
    /** JSON, as it is sent. */
    body: string;
    status: string;
    failures: number;
    nextAt: number;
    problem: string | null;
    createdAt: number;
  };
}
