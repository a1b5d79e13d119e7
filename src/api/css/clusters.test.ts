import { describe, expect, test } from "vitest";
import { refusal, startTestServer, type Tenant } from "../test-server.ts";

const path = "/v1.0/{p}/clusters";

async function names(owner: Tenant, query = ""): Promise<string[]> {
  const { body } = await owner.call("GET", path + query);
  return (body["clusters"] as { name: string }[]).map(({ name }) => name);
}

async function ownerOfThree(): Promise<Tenant> {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  for (const name of ["one", "two", "three"]) {
    await owner.register(name, name === "two" ? { engine: "elasticsearch" } : {});
    server.clock.advance(1_000);
  }
  return owner;
}

describe("the list", () => {
  test("has the project's clusters, newest first, without what only the detail shows", async () => {
    const owner = await ownerOfThree();
    await (await owner.server.tenant("stranger")).register("theirs");
    const { status, body } = await owner.call("GET", path);
    expect([status, Object.keys(body), body["totalSize"]]).toEqual([200, ["totalSize", "clusters"], 3]);
    expect(await names(owner)).toEqual(["three", "two", "one"]);
    expect(body["clusters"]).not.toEqual(
      expect.arrayContaining([expect.objectContaining({ supportVpcep: expect.anything() })]),
    );
  });

  test.each([
    ["?start=1&limit=2", ["three", "two"]],
    ["?start=0&limit=1", ["three"]],
    ["?start=3", ["one"]],
    ["?offset=1&limit=1", ["two"]],
    ["?offset=3", []],
    ["?datastoreType=elasticsearch", ["two"]],
    ["?datastoreType=opensearch", ["three", "one"]],
    ["?datastoreType=logstash", []],
  ])("%s gives %j", async (query, expected) => {
    expect(await names(await ownerOfThree(), query)).toEqual(expected);
  });

  test("shows ten without a limit", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    for (let n = 0; n < 11; n += 1) await owner.register(`c${n}`);
    expect(await names(owner)).toHaveLength(10);
    expect((await owner.call("GET", `${path}?limit=1`)).body["totalSize"]).toBe(11);
  });

  test("counts what the filter lets through", async () => {
    const owner = await ownerOfThree();
    const total = async (query: string): Promise<unknown> =>
      (await owner.call("GET", path + query)).body["totalSize"];
    expect(await total("?datastoreType=elasticsearch")).toBe(1);
    expect(await total("?datastoreType=logstash")).toBe(0);
  });

  test.each(["start=-1", "offset=x", "limit=0", "limit=1001", "datastoreType=solr"])(
    "?%s is refused",
    async (query) => {
      const owner = await (await startTestServer()).tenant("owner");
      const answer = await owner.call("GET", `${path}?${query}`);
      expect(refusal(answer)).toBe("400 CSS.5038");
      expect(answer.body["error_msg"]).toContain(query.split("=")[0]);
    },
  );
});

describe("the detail", () => {
  test("has the address of the owner's endpoint while the service is enabled", async () => {
    const server = await startTestServer();
    const [owner, guest] = [await server.tenant("owner"), await server.tenant("guest")];
    const cluster = await owner.open("logs");
    await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: ["*"] });
    const { connections, vpcServiceName } = await cluster.connections();
    server.clock.advance(1_000);
    await guest.connect(vpcServiceName);
    await owner.connect("logs");
    const detail = await cluster.call("GET", "");
    expect(detail.body).toMatchObject({ supportVpcep: true, vpcepIp: connections[0]?.vpcepIp });
    const endpoints = (await owner.call("GET", "/postern/v1/{p}/endpoints")).body["endpoints"];
    for (const { id } of endpoints as { id: string }[]) {
      await owner.call("DELETE", `/postern/v1/{p}/endpoints/${id}`);
    }
    // The guest's is no address of the owner's network.
    expect((await cluster.call("GET", "")).body).not.toHaveProperty("vpcepIp");
    await owner.connect("logs");
    expect((await cluster.call("GET", "")).body).toHaveProperty("vpcepIp");
    await cluster.call("PUT", "/vpcepservice/close");
    expect((await cluster.call("GET", "")).body).not.toHaveProperty("vpcepIp");
  });

  test("answers 304 to who knows it", async () => {
    const cluster = await (await (await startTestServer()).tenant("owner")).open("logs");
    const etag = await cluster.etag();
    const again = await cluster.call("GET", "", undefined, { "if-none-match": etag });
    expect([again.status, again.text]).toEqual([304, ""]);
  });
});

describe("a delete", () => {
  test("takes the service and every endpoint; the registration stays", async () => {
    const server = await startTestServer();
    const owner = await server.tenant("owner");
    const cluster = await owner.open("logs");
    const answer = await cluster.call("DELETE", "");
    expect([answer.status, answer.body]).toEqual([200, {}]);
    expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
    expect(refusal(await cluster.call("GET", ""))).toBe("403 CSS.0015");
    expect(refusal(await cluster.call("DELETE", ""))).toBe("403 CSS.0015");
    expect((await owner.call("GET", "/v1.0/{p}/clusters")).body).toEqual({ totalSize: 0, clusters: [] });
    expect(await server.store.desiredState()).toMatchObject({ services: [], endpoints: [] });
    const { body } = await owner.call("GET", "/postern/v1/{p}/clusters");
    expect(body["clusters"]).toMatchObject([{ name: "logs", state: "released", service: null }]);
  });

  test("of a released registration is refused: for this API it is gone", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.register("logs");
    await cluster.call("DELETE", "");
    const { body } = await owner.call("GET", "/postern/v1/{p}/clusters");
    const [released] = body["clusters"] as { id: string }[];
    const one = `${path}/${released?.id}`;
    expect(refusal(await owner.call("GET", one))).toBe("403 CSS.0015");
    expect(refusal(await owner.call("POST", `${one}/vpcepservice/open`))).toBe("403 CSS.0015");
  });
});

test("there is never a snapshot policy", async () => {
  const cluster = await (await (await startTestServer()).tenant("owner")).register("logs");
  const { status, body } = await cluster.call("GET", "/index_snapshot/policy");
  expect([status, body]).toEqual([200, { enable: "false" }]);
});
