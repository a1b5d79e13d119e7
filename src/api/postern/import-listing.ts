import { endpointStatus } from "../../domain/endpoint-state.ts";
import { commit } from "../actions/commit.ts";
import { requireCluster } from "../actions/find.ts";
import { importListing, type Imported } from "../actions/import-listing.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { flag, readFlag, resourceParams } from "../schema.ts";
import { listingSchema, readListing } from "./listing-schema.ts";
import { Type } from "../type-builder.ts";

const body = Type.Object({
  /** An answer of `GET …/vpcepservice/connections`, as it was saved elsewhere. */
  listing: listingSchema,
  create_missing: Type.Optional(flag),
});

/** Takes a cluster's endpoint service over from another installation, such as the cloud. */
export const importConnections = defineOperation({
  id: "ImportConnections",
  method: "POST",
  path: "/postern/v1/:project_id/clusters/:id/import",
  action: "postern:cluster:import",
  schemas: { params: resourceParams, body },
  async handle(request, context) {
    const { params, principal } = request;
    const listing = readListing(request.body.listing);
    const createMissing = readFlag(request.body.create_missing);
    const resource = `cluster/${params.id}`;
    const { result, headers } = await commit(
      context,
      request,
      "importConnections",
      resource,
      async (tx, revision) => {
        const cluster = await requireCluster(tx, principal, params.id);
        checkIfMatch(request.ifMatch, clusterEtag(cluster));
        const imported = await importListing(
          tx,
          context,
          principal,
          cluster,
          listing,
          createMissing,
          revision,
        );
        return { imported, etag: clusterEtag({ ...cluster, version: cluster.version + 1 }) };
      },
    );
    return { headers: { ...headers, etag: result.etag }, body: render(result.imported) };
  },
});

function render({ plan, projects, networks, endpoints }: Imported): object {
  return {
    service: { id: plan.service.id, name: plan.service.name },
    connections: endpoints.map((endpoint) => ({
      id: endpoint.id,
      status: endpointStatus({ ...endpoint, phase: "ready" }),
      ip: endpoint.address,
      account_id: endpoint.accountId,
      project_id: endpoint.projectId,
      vpc_id: endpoint.vpcId,
    })),
    permissions: plan.permissions.map(({ id, permission }) => ({ id, permission })),
    accounts_made: plan.accounts.map(({ id, name }) => ({
      id,
      name,
      project_id: projects.find(({ accountId }) => accountId === id)?.id,
    })),
    networks_made: networks.map(({ id, name, cidr, projectId }) => ({
      id,
      name,
      cidr,
      project_id: projectId,
    })),
    notes: plan.notes,
  };
}
