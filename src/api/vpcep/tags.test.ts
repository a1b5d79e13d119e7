import { expect, test } from "vitest";
import { createEndpoint, createService, ok, refusalCode, startParties } from "./testing.ts";

test("tags of services and endpoints are changed, listed and searched", async () => {
  const { owner } = await startParties();
  const service = await createService(owner, "logs");
  const endpoint = await createEndpoint(owner, service["id"]);
  for (const [type, { id }, detail] of [
    ["endpoint_service", service, "vpc-endpoint-services"],
    ["endpoint", endpoint, "vpc-endpoints"],
  ] as const) {
    const path = `/v1/{p}/${type}`;
    const change = async (action: string, tags: object[]): Promise<number> =>
      (await owner.call("POST", `${path}/${String(id)}/tags/action`, { action, tags })).status;
    expect(await change("create", [{ key: "team", value: "search" }, { key: "stage" }])).toBe(204);
    expect(await change("delete", [{ key: "stage" }])).toBe(204);
    const tags = [{ key: "team", value: "search" }];
    expect(ok(await owner.call("GET", `/v1/{p}/${detail}/${String(id)}`))["tags"]).toEqual(tags);
    expect(ok(await owner.call("GET", `${path}/tags`))).toEqual({
      tags: [{ key: "team", values: ["search"] }],
    });
    const search = async (query: object): Promise<unknown> =>
      ok(await owner.call("POST", `${path}/resource_instances/action`, query));
    const wanted = { tags: [{ key: "team", values: ["search"] }], limit: "1000", offset: 0 };
    expect(await search({ action: "filter", ...wanted })).toEqual({
      resources: [{ resource_id: id, resource_name: expect.any(String), tags }],
      total_count: 1,
    });
    expect(await search({ action: "filter", ...wanted, offset: 1 })).toEqual({
      resources: [],
      total_count: 1,
    });
    expect(await search({ action: "count", without_any_tag: true })).toEqual({ total_count: 0 });
    expect(await search({ action: "count", sys_tags: [{ key: "a" }] })).toEqual({ total_count: 0 });
    const named = { action: "count", matches: [{ key: "resource_name", value: "nonsense" }] };
    expect(await search(named)).toEqual({ total_count: 0 });
  }
});

test("a type that has no tags, or too many of them, is refused", async () => {
  const { owner } = await startParties();
  const { id } = await createService(owner, "logs");
  expect(refusalCode(await owner.call("GET", "/v1/{p}/bucket/tags"))).toBe("400 EndPoint.3070");
  const tags = Array.from({ length: 21 }, (_, n) => ({ key: `k${n}` }));
  const path = `/v1/{p}/endpoint_service/${String(id)}/tags/action`;
  expect(refusalCode(await owner.call("POST", path, { action: "create", tags }))).toBe("400 EndPoint.3069");
});

test("quotas say what is used, and servers are the cluster's", async () => {
  const { owner } = await startParties();
  const { id } = await createService(owner, "logs");
  const endpoint = { type: "endpoint", used: 0, quota: 10_000 };
  const resources = [endpoint, { type: "endpoint_service", used: 1, quota: 1_000 }];
  expect(ok(await owner.call("GET", "/v1/{p}/quotas"))).toEqual({ quotas: { resources } });
  expect(ok(await owner.call("GET", "/v1/{p}/quotas?type=endpoint"))).toEqual({
    quotas: { resources: [endpoint] },
  });
  const path = `/v2/{p}/vpc-endpoint-services/${String(id)}/add-server-resources`;
  const body = { server_resources: [{ resource_id: "x" }] };
  expect(refusalCode(await owner.call("POST", path, body))).toBe("400 EndPoint.1004");
});

test("a body that is none, and a project of somebody else, are refused in the service's own words", async () => {
  const { owner, guest } = await startParties();
  expect(refusalCode(await owner.call("POST", "/v1/{p}/vpc-endpoints"))).toBe("504 EndPoint.0011");
  const foreign = `/v1/${guest.projectId}/vpc-endpoints`;
  expect(refusalCode(await owner.call("GET", foreign))).toBe("403 EndPoint.0004");
});
