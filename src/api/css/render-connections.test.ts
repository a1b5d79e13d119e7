import { expect, test } from "vitest";
import type { AccountId, EndpointId, PermissionId, ServiceId } from "../../domain/ids.ts";
import type { Permission } from "../../domain/resources.ts";
import { anEndpoint, aService } from "../../domain/test-fixtures.ts";
import type { Ipv4 } from "../../lib/ipv4.ts";
import { renderConnections, renderTime } from "./render-connections.ts";

const place = { region: "cn-north-4", zone: "postern.internal" };
const account = "db9b76a0d9ae431f8e85e89da2ca867c" as AccountId;
const serviceId = "cf072729-b076-49db-83d3-020dc9f589bd" as ServiceId;

/** The published example, as it is printed. */
const published = `{
  "connections" : [ {
    "id" : "54b7f739-31a1-40d0-862b-ac85b83ab2da",
    "status" : "accepted",
    "maxSession" : "3000",
    "specificationName" : "default",
    "vpcepIp" : "192.168.0.122",
    "created_at" : "2024-06-11T09:36:24Z",
    "domain_id" : "db9b76a0d9ae431f8e85e89da2ca867c"
  }, {
    "id" : "e88ad0bc-c2c7-419c-bd9b-a961111f0a42",
    "status" : "accepted",
    "maxSession" : "3000",
    "specificationName" : "default",
    "vpcepIp" : "192.168.0.133",
    "created_at" : "2023-10-12T07:33:16Z",
    "domain_id" : "db9b76a0d9ae431f8e85e89da2ca867c"
  } ],
  "vpcepUpdateSwitch" : false,
  "total_count" : 2,
  "vpcServiceName" : "cn-north-4.css-op-no-delete.cf072729-b076-49db-83d3-020dc9f589bd",
  "permissions" : [ {
    "id" : "432a6429-f377-4168-8b24-feb5885af08c",
    "permission" : "iam:domain::db9b76a0d9ae431f8e85e89da2ca867c",
    "permission_type" : "domainId",
    "created_at" : "2023-10-12T07:33:11Z"
  } ]
}`;

const service = aService({
  id: serviceId,
  name: "cn-north-4.css-op-no-delete.cf072729-b076-49db-83d3-020dc9f589bd",
  updateSwitch: false,
});
const permission: Permission = {
  id: "432a6429-f377-4168-8b24-feb5885af08c" as PermissionId,
  serviceId,
  permission: `iam:domain::${account}`,
  permissionType: "domainId",
  description: "",
  createdAt: Date.parse("2023-10-12T07:33:11Z"),
};
const endpoint = anEndpoint({ serviceId, accountId: account });

test("the published example's state gives the published example, in its order of keys", () => {
  const body = renderConnections(
    service,
    [permission],
    [
      {
        ...endpoint,
        id: "54b7f739-31a1-40d0-862b-ac85b83ab2da" as EndpointId,
        address: "192.168.0.122" as Ipv4,
        createdAt: Date.parse("2024-06-11T09:36:24Z"),
      },
      {
        ...endpoint,
        id: "e88ad0bc-c2c7-419c-bd9b-a961111f0a42" as EndpointId,
        address: "192.168.0.133" as Ipv4,
        createdAt: Date.parse("2023-10-12T07:33:16Z"),
      },
    ],
    2,
    place,
  );
  expect(JSON.stringify(body, null, 2)).toBe(JSON.stringify(JSON.parse(published), null, 2));
});

test("a private name and a time of change are shown where there are any; the switch is a boolean", () => {
  const changed = { ...endpoint, dnsEnabled: true, updatedAt: Date.parse("2026-01-02T03:04:05.999Z") };
  expect(renderConnections({ ...service, updateSwitch: true }, [], [changed], 1, place)).toEqual({
    connections: [
      {
        id: endpoint.id,
        status: "accepted",
        maxSession: "3000",
        specificationName: "default",
        vpcepIp: "127.80.0.2",
        vpcepDnsName: `vpcep-${endpoint.id}.cn-north-4.postern.internal`,
        created_at: renderTime(endpoint.createdAt),
        update_at: "2026-01-02T03:04:05Z",
        domain_id: account,
      },
    ],
    vpcepUpdateSwitch: true,
    total_count: 1,
    vpcServiceName: service.name,
    permissions: [],
  });
});
