import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EndpointId } from "../../domain/ids.ts";
import { anEndpoint, uuid } from "../../domain/test-fixtures.ts";
import { ipv4FromNumber } from "../../lib/ipv4.ts";
import { refusal, startTestServer, type TestCluster, type TestServer } from "../test-server.ts";

const path = "/vpcepservice/connections";

/** A cluster with `count` connections, some of them made in the same millisecond. */
async function clusterWith(server: TestServer, name: string, count: number): Promise<TestCluster> {
  const owner = await server.tenant(name);
  const cluster = await owner.open(name);
  await server.store.observe(async (tx) => {
    const [own] = (await tx.endpoints.listByProject(owner.projectId, { offset: 0, limit: 1 })).items;
    if (!own) throw new TypeError("opening made no endpoint");
    await tx.endpoints.delete(own.id);
    const { serviceId, projectId, accountId, vpcId, subnetId } = own;
    for (let n = 0; n < count; n += 1) {
      await tx.endpoints.insert({
        ...anEndpoint({ serviceId, projectId, accountId, vpcId, subnetId }),
        id: uuid(Number.parseInt(serviceId.slice(0, 4), 16) * 10_000 + n) as EndpointId,
        address: ipv4FromNumber(n),
        createdAt: 1_000_000 * Math.floor(n / 3),
      });
    }
  });
  return cluster;
}

test("any pages put together are the whole list, and the total is the same on each", async () => {
  const server = await startTestServer();
  const counts = [0, 1, 7, 23];
  const clusters: TestCluster[] = [];
  for (const count of counts) clusters.push(await clusterWith(server, `c${count}`, count));
  const limit = fc.integer({ min: 1, max: 30 });
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: counts.length - 1 }), limit, async (index, size) => {
      const [cluster, count] = [clusters[index], counts[index] ?? 0];
      const whole = await cluster?.connections("?limit=1000");
      const ids: string[] = [];
      for (let offset = 0; offset <= count + size; offset += size) {
        const page = await cluster?.connections(`?offset=${offset}&limit=${size}`);
        expect(page?.total_count).toBe(count);
        expect(page?.connections.length).toBe(Math.max(0, Math.min(size, count - offset)));
        ids.push(...(page?.connections ?? []).map(({ id }) => id));
      }
      expect(ids).toEqual(whole?.connections.map(({ id }) => id));
      expect(new Set(ids).size).toBe(count);
    }),
    { numRuns: 40 },
  );
});

test("without paging the newest ten are shown, ties by id", async () => {
  const cluster = await clusterWith(await startTestServer(), "logs", 12);
  const times = (await cluster.connections("?limit=12")).connections as unknown as {
    id: string;
    created_at: string;
  }[];
  const sorted = times.toSorted(
    (a, b) => b.created_at.localeCompare(a.created_at) || a.id.localeCompare(b.id),
  );
  expect(times).toEqual(sorted);
  const body = await cluster.connections();
  expect(body.connections).toEqual(times.slice(0, 10));
  expect(body.total_count).toBe(12);
});

describe("paging", () => {
  test.each(["offset=0", "offset=1000", "limit=1", "limit=1000", "offset=1000&limit=1000", "colour=red"])(
    "?%s is taken",
    async (query) => {
      const cluster = await (await (await startTestServer()).tenant("owner")).open("logs");
      expect((await cluster.call("GET", `${path}?${query}`)).status).toBe(200);
    },
  );

  test.each([
    ["offset", "-1", "0 to 1000"],
    ["offset", "1001", "0 to 1000"],
    ["offset", "x", "0 to 1000"],
    ["offset", "", "0 to 1000"],
    ["offset", "1.5", "0 to 1000"],
    ["offset", "1e2", "0 to 1000"],
    ["limit", "0", "1 to 1000"],
    ["limit", "1001", "1 to 1000"],
    ["limit", "99999999999999999999", "1 to 1000"],
    ["limit", "0x10", "1 to 1000"],
    ["limit", "%20", "1 to 1000"],
    ["limit", "1&limit=2", "1 to 1000"],
  ])("?%s=%s is refused with its range", async (name, value, range) => {
    const cluster = await (await (await startTestServer()).tenant("owner")).open("logs");
    const answer = await cluster.call("GET", `${path}?${name}=${value}`);
    expect(refusal(answer)).toBe("400 CSS.5038");
    expect(answer.body["error_msg"]).toBe(`The query parameter ${name} must be an integer from ${range}.`);
  });
});

describe("the ETag", () => {
  test("stays while nothing changes and then answers 304 without a body", async () => {
    const cluster = await (await (await startTestServer()).tenant("owner")).open("logs");
    const { headers } = await cluster.call("GET", path);
    const etag = String(headers["etag"]);
    expect(etag).toMatch(/^"[^"]+"$/);
    const again = await cluster.call("GET", path, undefined, { "if-none-match": `"other", ${etag}` });
    expect([again.status, again.text, again.headers["etag"]]).toEqual([304, "", etag]);
    const other = await cluster.call("GET", path, undefined, { "if-none-match": '"other"' });
    expect(other.status).toBe(200);
  });

  test("changes with every write to the cluster, and the answer with it", async () => {
    const server = await startTestServer();
    const owner = await server.tenant("owner");
    const cluster = await owner.open("logs");
    const [own] = (await cluster.connections()).connections;
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      const { headers, text } = await cluster.call("GET", path);
      seen.add(`${String(headers["etag"])} ${text}`);
    };
    await look();
    const id = await owner.connect("logs");
    await look();
    await cluster.call("POST", path, { action: "reject", endpoint_id_list: [own?.id] });
    await look();
    await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: ["*"] });
    await look();
    await owner.call("PUT", `/postern/v1/{p}/clusters/${cluster.id}/connections/${id}`, { max_session: 5 });
    await look();
    await owner.call("DELETE", `/postern/v1/{p}/endpoints/${id}`);
    await look();
    expect(seen.size).toBe(6);
    expect(new Set([...seen].map((entry) => entry.split(" ")[0])).size).toBe(6);
  });
});

test("an answer that was kept is not given to another project", async () => {
  const server = await startTestServer();
  const [owner, stranger] = [await server.tenant("owner"), await server.tenant("stranger")];
  const cluster = await owner.open("logs");
  await cluster.connections();
  const url = `/v1.0/{p}/clusters/${cluster.id}${path}`;
  const theSame = url.replace("{p}", owner.projectId);
  expect(refusal(await stranger.call("GET", url))).toBe("403 CSS.0015");
  expect(refusal(await stranger.call("GET", theSame))).toBe("403 CSS.0015");
  expect(refusal(await server.inject({ method: "GET", url: theSame }))).toBe("401 APIGW.0301");
});
