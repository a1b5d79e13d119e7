import { expect, test } from "vitest";
import type { ProjectId, SubnetId, VpcId } from "../domain/ids.ts";
import {
  aCluster,
  anAccount,
  anEndpoint,
  aProject,
  aSubnet,
  aVpc,
  hexId,
  projectId,
  subnetId,
  uuid,
  vpcId,
} from "../domain/test-fixtures.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const otherVpc = uuid(70) as VpcId;

test("VPCs and subnets come back as they went in, and the pool's cursor moves", async () => {
  const { networks, identity } = await openTestStore();
  await identity.insertAccount(anAccount());
  await identity.insertProject(aProject());
  await networks.insertVpc(aVpc());
  await networks.insertSubnet(aSubnet());
  expect(await networks.vpc(vpcId)).toEqual(aVpc());
  expect(await networks.subnet(subnetId)).toEqual(aSubnet());
  await networks.setPoolCursor(subnetId, "127.80.0.9" as Ipv4);
  expect(await networks.subnets(vpcId)).toEqual([aSubnet({ poolCursor: "127.80.0.9" as Ipv4 })]);
  expect(await networks.vpc(otherVpc)).toBeUndefined();
  expect(await networks.subnet(uuid(71) as SubnetId)).toBeUndefined();
});

test("a network's address for names is nobody else's, and known of loopback networks", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  await store.endpoints.insert(anEndpoint({ dnsEnabled: true }));
  const { networks, endpoints } = store;
  const [first, second] = ["127.80.0.3" as Ipv4, "127.80.0.4" as Ipv4];
  expect(await networks.vpcsWithoutDnsAddress()).toEqual([vpcId]);
  expect(await endpoints.takenAddresses(subnetId, [first, second])).toEqual(new Set());
  await networks.setDnsAddress(vpcId, first);
  expect(await networks.vpc(vpcId)).toEqual(aVpc({ dnsAddress: first }));
  expect(await networks.vpcsWithoutDnsAddress()).toEqual([]);
  expect(await endpoints.takenAddresses(subnetId, [first, second])).toEqual(new Set([first]));
  expect(await networks.resolvers()).toEqual([{ vpcId, address: first }]);
  await networks.setAttachment(vpcId, { kind: "interface", device: "eth1" });
  expect(await networks.resolvers()).toEqual([]);
  expect(await networks.kernelVpcs()).toMatchObject([{ dnsAddress: first }]);
});

test("a project's VPCs come oldest first; loopbackVpcs knows every project's, without those that have no attachment", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const otherProject = hexId(50) as ProjectId;
  await store.identity.insertProject(aProject({ id: otherProject, name: "second" }));
  const older = aVpc({ id: otherVpc, name: "older", createdAt: 1, number: 2 });
  const foreign = aVpc({ id: uuid(72) as VpcId, projectId: otherProject, number: 3 });
  await store.networks.insertVpc(older);
  await store.networks.insertVpc(foreign);
  const recorded = aVpc({
    id: uuid(73) as VpcId,
    projectId: otherProject,
    name: "recorded",
    attachment: { kind: "none" },
    number: 4,
  });
  await store.networks.insertVpc(recorded);
  expect(await store.networks.vpcs(projectId, { offset: 0, limit: 10 })).toEqual({
    items: [older, aVpc()],
    total: 2,
  });
  expect(await store.networks.vpcs(projectId, { offset: 1, limit: 10 })).toEqual({
    items: [aVpc()],
    total: 2,
  });
  expect((await store.networks.loopbackVpcs()).map(({ id }) => id).toSorted()).toEqual(
    [older.id, vpcId, foreign.id].toSorted(),
  );
  expect(await store.networks.unattachedVpcs()).toEqual(new Set([recorded.id]));
  expect(await store.networks.vpcByName(otherProject, "recorded")).toEqual(recorded);
  expect(await store.networks.vpcByName(projectId, "recorded")).toBeUndefined();
});

test("attached VPCs are found by what they have of the host; numbers are the smallest free ones", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const { networks } = store;
  expect(await networks.nextVpcNumber()).toBe(2);
  const attachment = { kind: "netns", namespace: "a" } as const;
  const other = aVpc({ id: otherVpc, name: "second", number: 3, attachment: { kind: "none" } });
  await networks.insertVpc(other);
  expect(await networks.nextVpcNumber()).toBe(2);
  expect(await networks.kernelVpcs()).toEqual([]);
  await networks.setAttachment(otherVpc, attachment);
  expect(await networks.kernelVpcs()).toEqual([{ ...other, attachment }]);
  expect(await networks.unattachedVpcs()).toEqual(new Set());
  expect(await networks.vpcOnHost(attachment)).toEqual({ ...other, attachment });
  expect(await networks.vpcOnHost({ kind: "interface", device: "a" })).toBeUndefined();
  await expect(networks.setAttachment(vpcId, attachment)).rejects.toThrow(/UNIQUE/);
  await networks.setAttachment(otherVpc, { kind: "interface", device: "eth1" });
  expect(await networks.vpc(otherVpc)).toMatchObject({ attachment: { device: "eth1" }, number: 3 });
  await networks.setAttachment(otherVpc, { kind: "none" });
  expect(await networks.vpc(otherVpc)).toEqual(other);
});

test("a VPC's subnets come oldest first, ties by name", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const wishes = [
    [90, "b", 5],
    [89, "c", 5],
    [91, "a", 5],
    [88, "z", 1],
  ] as const;
  for (const [n, name, createdAt] of wishes) {
    await store.networks.insertSubnet(aSubnet({ id: uuid(n) as SubnetId, name, createdAt }));
  }
  const names = (await store.networks.subnets(vpcId)).map(({ name }) => name);
  expect(names).toEqual(["z", "a", "b", "c", "default"]);
});

test("a VPC is in use by an endpoint, or as the home of a cluster", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  await store.networks.insertVpc(aVpc({ id: otherVpc, name: "second", number: 2 }));
  expect(await store.networks.isVpcInUse(vpcId)).toBe(true);
  expect(await store.networks.isVpcInUse(otherVpc)).toBe(false);
  const subnet = aSubnet({ id: uuid(73) as SubnetId, vpcId: otherVpc });
  await store.networks.insertSubnet(subnet);
  await store.endpoints.insert(anEndpoint({ vpcId: otherVpc, subnetId: subnet.id }));
  expect(await store.networks.isVpcInUse(otherVpc)).toBe(true);
  await store.clusters.delete(aCluster().id);
  expect(await store.networks.isVpcInUse(otherVpc)).toBe(false);
  expect(await store.networks.isVpcInUse(vpcId)).toBe(false);
});

test("a VPC goes with its subnets, but not from under a cluster", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  await expect(store.networks.deleteVpc(vpcId)).rejects.toThrow(/FOREIGN KEY/);
  await store.clusters.delete(aCluster().id);
  await store.networks.deleteVpc(vpcId);
  expect(await store.networks.vpc(vpcId)).toBeUndefined();
  expect(await store.networks.subnet(subnetId)).toBeUndefined();
});
