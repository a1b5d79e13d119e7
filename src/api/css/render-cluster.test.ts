import { expect, test } from "vitest";
import type { NodeId } from "../../domain/ids.ts";
import {
  aCluster,
  anEndpoint,
  clusterId,
  nodeId,
  subnetId,
  uuid,
  vpcId,
} from "../../domain/test-fixtures.ts";
import { renderClusterDetail, renderClusterItem } from "./render-cluster.ts";

const secure = aCluster({
  scheme: "https",
  username: "admin",
  nodes: [
    { id: nodeId, host: "10.0.0.5", port: 9200 },
    { id: uuid(8) as NodeId, host: "fd00::6", port: 9201 },
  ],
  createdAt: Date.UTC(2023, 9, 9, 2, 7, 13, 999),
  updatedAt: Date.UTC(2024, 0, 2, 3, 4, 5),
});

const item = {
  id: clusterId,
  name: "logs",
  status: "200",
  datastore: { type: "opensearch", version: "2.19.0", supportSecuritymode: true },
  instances: [
    { id: nodeId, name: "logs-ess-esn-1-1", type: "ess", status: "200", ip: "10.0.0.5", subnetId },
    { id: uuid(8), name: "logs-ess-esn-2-1", type: "ess", status: "200", ip: "fd00::6", subnetId },
  ],
  actions: [],
  actionProgress: {},
  endpoint: "10.0.0.5:9200,[fd00::6]:9201",
  vpcId,
  subnetId,
  currentSubnetIds: subnetId,
  httpsEnable: true,
  authorityEnable: true,
  diskEncrypted: false,
  backupAvailable: false,
  period: false,
  enterpriseProjectId: "0",
  tags: [],
  created: "2023-10-09T02:07:13",
  updated: "2024-01-02T03:04:05",
};

test("an item of the list, key for key", () => {
  expect(renderClusterItem(secure)).toEqual(item);
});

test("the detail adds the support and, with an endpoint, its address", () => {
  expect(renderClusterDetail(secure, undefined)).toEqual({ ...item, supportVpcep: true });
  expect(renderClusterDetail(secure, anEndpoint())).toEqual({
    ...item,
    supportVpcep: true,
    vpcepIp: "127.80.0.2",
  });
});

test("a cluster without TLS and without a user says so", () => {
  expect(renderClusterItem(aCluster())).toMatchObject({
    datastore: { supportSecuritymode: false },
    httpsEnable: false,
    authorityEnable: false,
  });
});
