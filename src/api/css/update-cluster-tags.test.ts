import { describe, expect, test } from "vitest";
import { refusal, startTestServer, TestCluster, type Answer, type Tenant } from "../test-server.ts";

const team = { key: "team", value: "search" };
const datastore = { type: "opensearch", version: "2.19.0" };

async function create(owner: Tenant, version: string, tags?: readonly object[]): Promise<Answer> {
  return owner.call("POST", `/${version}/{p}/clusters`, { cluster: { name: "logs", datastore, tags } });
}

async function tagsOf(owner: Tenant): Promise<unknown> {
  const [first] = (await owner.call("GET", "/v1.0/{p}/clusters")).body["clusters"] as {
    id: string;
    tags: unknown;
  }[];
  const detail = (await owner.call("GET", `/v1.0/{p}/clusters/${first?.id ?? ""}`)).body;
  expect(detail["tags"]).toEqual(first?.tags);
  return detail["tags"];
}

describe.each(["v1.0", "v2.0"])("creation through %s", (version) => {
  test("gives the cluster its tags, and a released one loses them", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const { id } = await owner.register("logs");
    expect((await create(owner, version, [team, { key: "stage" }])).status).toBe(200);
    expect(await tagsOf(owner)).toEqual([team, { key: "stage", value: "" }]);
    await new TestCluster(owner, id).call("DELETE", "");
    expect((await create(owner, version)).status).toBe(200);
    expect(await tagsOf(owner)).toEqual([]);
  });

  test("with a tag that is refused creates nothing", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const { id } = await owner.register("logs");
    expect(refusal(await create(owner, version, [{ key: "a b" }]))).toBe("400 CSS.5137");
    expect((await owner.call("GET", `/postern/v1/{p}/clusters/${id}`)).body["state"]).toBe("registered");
  });
});

test("tags are put over those that are there, and taken away; each is another version of the cluster", async () => {
  const owner = await (await startTestServer()).tenant("owner");
  const cluster = await owner.register("logs");
  const change = (action: string, tags: readonly object[]): Promise<Answer> =>
    owner.call("POST", `/v1.0/{p}/css-cluster/${cluster.id}/tags/action`, { action, tags });
  const before = await cluster.etag();
  const answer = await change("create", [team, { key: "stage", value: "test" }]);
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(await cluster.etag()).not.toBe(before);
  await change("create", [{ key: "stage", value: "live" }]);
  expect(await tagsOf(owner)).toEqual([team, { key: "stage", value: "live" }]);
  await change("delete", [{ key: "stage", value: "live" }]);
  expect(await tagsOf(owner)).toEqual([team]);
});

test.each([
  [[{ key: "" }], "400 CSS.5137"],
  [[{ key: "a b" }], "400 CSS.5137"],
  [[{ key: "a", value: "<" }], "400 CSS.5138"],
  [[team, team], "400 CSS.5039"],
  [Array.from({ length: 21 }, (_, n) => ({ key: `k${n}` })), "400 CSS.5038"],
  ["team", "400 CSS.0001"],
  [undefined, "400 CSS.5037"],
])("the tags %j are refused: %s", async (tags, code) => {
  const owner = await (await startTestServer()).tenant("owner");
  const { id } = await owner.register("logs");
  const answer = await owner.call("POST", `/v1.0/{p}/css-cluster/${id}/tags/action`, {
    action: "create",
    tags,
  });
  expect(refusal(answer)).toBe(code);
  expect(await tagsOf(owner)).toEqual([]);
});

test("another project's cluster is not found", async () => {
  const server = await startTestServer();
  const { id } = await (await server.tenant("owner")).register("logs");
  const stranger = await server.tenant("stranger");
  const body = { action: "create", tags: [team] };
  expect(refusal(await stranger.call("POST", `/v1.0/{p}/css-cluster/${id}/tags/action`, body))).toBe(
    "403 CSS.0015",
  );
});
