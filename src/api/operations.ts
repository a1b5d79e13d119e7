import { closeVpcepService } from "./css/close-vpcep-service.ts";
import { createClusterV1, createClusterV2 } from "./css/create-cluster.ts";
import { deleteCluster } from "./css/delete-cluster.ts";
import { listClusters } from "./css/list-clusters.ts";
import { openVpcepService } from "./css/open-vpcep-service.ts";
import { showCluster } from "./css/show-cluster.ts";
import { showSnapshotPolicy } from "./css/show-snapshot-policy.ts";
import { showVpcepConnection } from "./css/show-vpcep-connection.ts";
import { updateClusterTags } from "./css/update-cluster-tags.ts";
import { updateVpcepConnection } from "./css/update-vpcep-connection.ts";
import { updateVpcepWhitelist } from "./css/update-vpcep-whitelist.ts";
import { listDomains, listKeystoneUsers, listVersions, showCatalog, showVersion } from "./iam/lookups.ts";
import { keystoneCreateProject, listAuthProjects, listProjects } from "./iam/projects.ts";
import { createTemporaryAccessKey } from "./iam/security-tokens.ts";
import { createToken } from "./iam/create-token.ts";
import { revokeToken, showToken } from "./iam/tokens.ts";
import type { Operation } from "./operation.ts";
import { createAccessKey, deleteAccessKey, listAccessKeys, showAccessKey } from "./postern/access-keys.ts";
import { createAccount, deleteAccount, listAccounts, showAccount } from "./postern/accounts.ts";
import {
  listRegisteredClusters,
  probeCluster,
  registerCluster,
  removeCluster,
  showRegisteredCluster,
} from "./postern/clusters.ts";
import { listConnections, updateConnectionCap } from "./postern/connections.ts";
import {
  exportAllAudit,
  exportAudit,
  listAllAudit,
  listAudit,
  showClusterAccess,
  verifyAudit,
  verifyAuditLines,
} from "./postern/audit.ts";
import { explainConnection } from "./postern/explain.ts";
import { listRefusalsOfCluster, listRefusalsOfEndpoint, listRefusalsOfService } from "./postern/refusals.ts";
import { checkData, createBackup } from "./postern/backups.ts";
import { createConsumerEndpoint } from "./postern/create-consumer-endpoint.ts";
import { deleteConsumerEndpoint, listConsumerEndpoints, showConsumerEndpoint } from "./postern/endpoints.ts";
import { listEvents } from "./postern/events.ts";
import { importConnections } from "./postern/import-listing.ts";
import { showLogLevel, updateLogLevel } from "./postern/log-level.ts";
import { drainNode, undrainNode } from "./postern/nodes.ts";
import { deleteProject, showProject } from "./postern/projects.ts";
import {
  decideServiceConnections,
  listServiceConnections,
  listServices,
  replaceServiceWhitelist,
} from "./postern/services.ts";
import {
  createServiceDomain,
  deleteServiceDomain,
  listServiceDomains,
  showServiceDomain,
  verifyServiceDomain,
} from "./postern/service-domains.ts";
import {
  endClusterSession,
  endEndpointSession,
  endServiceSession,
  listClusterSessions,
  listEndpointSessions,
  listServiceSessions,
} from "./postern/sessions.ts";
import {
  listSamplesOfCluster,
  listSamplesOfEndpoint,
  listThroughputOfConnections,
} from "./postern/samples.ts";
import { createSession, deleteSession, showSession } from "./postern/session.ts";
import { updateOpenedService } from "./postern/opened-service.ts";
import { showStatus } from "./postern/status.ts";
import { createUser, deleteUser, listUsers, showUser, updateUser } from "./postern/users.ts";
import { createVpc, deleteVpc, listVpcs, showVpc, updateVpc } from "./postern/vpcs.ts";
import {
  createWebhook,
  deleteWebhook,
  listWebhookDeliveries,
  listWebhooks,
  retryWebhookDelivery,
  showWebhook,
  testWebhook,
  updateWebhook,
} from "./postern/webhooks.ts";
import { vpcepOperations } from "./vpcep/operations.ts";
import { listSubnetsV1, listVpcsV1, showSubnetV1, showVpcV1 } from "./vpc/networks.ts";

/** The table of operations: everything that the API serves. */
export const operations: readonly Operation[] = [
  openVpcepService,
  closeVpcepService,
  showVpcepConnection,
  updateVpcepConnection,
  updateVpcepWhitelist,
  listClusters,
  showCluster,
  createClusterV1,
  createClusterV2,
  deleteCluster,
  updateClusterTags,
  showSnapshotPolicy,
  showStatus,
  createSession,
  showSession,
  deleteSession,
  registerCluster,
  probeCluster,
  listRegisteredClusters,
  showRegisteredCluster,
  removeCluster,
  drainNode,
  undrainNode,
  updateOpenedService,
  importConnections,
  createVpc,
  listVpcs,
  showVpc,
  updateVpc,
  deleteVpc,
  createConsumerEndpoint,
  listConsumerEndpoints,
  showConsumerEndpoint,
  deleteConsumerEndpoint,
  listConnections,
  updateConnectionCap,
  explainConnection,
  listRefusalsOfEndpoint,
  listRefusalsOfService,
  listRefusalsOfCluster,
  listServices,
  listServiceConnections,
  decideServiceConnections,
  replaceServiceWhitelist,
  listClusterSessions,
  listServiceSessions,
  listEndpointSessions,
  endClusterSession,
  endServiceSession,
  endEndpointSession,
  createServiceDomain,
  listServiceDomains,
  showServiceDomain,
  verifyServiceDomain,
  deleteServiceDomain,
  listAudit,
  exportAudit,
  showClusterAccess,
  listAllAudit,
  exportAllAudit,
  verifyAudit,
  verifyAuditLines,
  listEvents,
  listSamplesOfCluster,
  listSamplesOfEndpoint,
  listThroughputOfConnections,
  createWebhook,
  listWebhooks,
  showWebhook,
  updateWebhook,
  deleteWebhook,
  testWebhook,
  listWebhookDeliveries,
  retryWebhookDelivery,
  createAccount,
  listAccounts,
  showAccount,
  deleteAccount,
  showProject,
  deleteProject,
  createBackup,
  checkData,
  showLogLevel,
  updateLogLevel,
  createUser,
  listUsers,
  showUser,
  updateUser,
  deleteUser,
  createAccessKey,
  listAccessKeys,
  showAccessKey,
  deleteAccessKey,
  listVersions,
  showVersion,
  createToken,
  showToken,
  revokeToken,
  listProjects,
  listAuthProjects,
  keystoneCreateProject,
  listDomains,
  showCatalog,
  listKeystoneUsers,
  createTemporaryAccessKey,
  ...vpcepOperations,
  listVpcsV1,
  showVpcV1,
  listSubnetsV1,
  showSubnetV1,
];
