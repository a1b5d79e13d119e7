import type { Operation } from "../operation.ts";
import {
  deleteEndpointService,
  updateEndpointService,
  updateEndpointServiceName,
  upgradeEndpointService,
} from "./change-service.ts";
import {
  acceptOrRejectEndpoint,
  listServiceConnections,
  updateEndpointConnectionsDesc,
} from "./connections.ts";
import { createEndpoint } from "./create-endpoint.ts";
import { createEndpointService } from "./create-service.ts";
import { deleteEndpoint, listEndpointInfoDetails, listEndpoints } from "./endpoints.ts";
import {
  addOrRemoveServicePermissions,
  batchAddEndpointServicePermissions,
  batchRemoveEndpointServicePermissions,
  listServicePermissionsDetails,
  updateEndpointServicePermissionDesc,
} from "./permissions.ts";
import { listQuotaDetails } from "./quotas.ts";
import {
  addEndpointServiceServerResource,
  deleteEndpointPolicy,
  updateEndpointPolicy,
  updateEndpointRoutetable,
} from "./refusals.ts";
import {
  listEndpointService,
  listServiceDescribeDetails,
  listServiceDetails,
  listServicePublicDetails,
} from "./services.ts";
import {
  batchAddOrRemoveResourceInstance,
  listQueryProjectResourceTags,
  listResourceInstances,
} from "./tags.ts";
import { updateEndpointWhite, upgradeEndpoint } from "./update-endpoint.ts";
import { listSpecifiedVersionDetails, listVersionDetails } from "./versions.ts";

/** The endpoint service's operations, in the order of contract section 3.1. */
export const vpcepOperations: readonly Operation[] = [
  createEndpointService,
  listEndpointService,
  listServicePublicDetails,
  listServiceDescribeDetails,
  listServiceDetails,
  updateEndpointService,
  updateEndpointServiceName,
  deleteEndpointService,
  listServiceConnections,
  acceptOrRejectEndpoint,
  updateEndpointConnectionsDesc,
  listServicePermissionsDetails,
  addOrRemoveServicePermissions,
  batchAddEndpointServicePermissions,
  batchRemoveEndpointServicePermissions,
  updateEndpointServicePermissionDesc,
  addEndpointServiceServerResource,
  upgradeEndpointService,
  createEndpoint,
  listEndpoints,
  listEndpointInfoDetails,
  updateEndpointWhite,
  deleteEndpoint,
  updateEndpointPolicy,
  deleteEndpointPolicy,
  updateEndpointRoutetable,
  upgradeEndpoint,
  listQuotaDetails,
  listVersionDetails,
  listSpecifiedVersionDetails,
  batchAddOrRemoveResourceInstance,
  listQueryProjectResourceTags,
  listResourceInstances,
];
