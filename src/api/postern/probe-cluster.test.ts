import { expect, test } from "vitest";
import { startTestNode } from "../../lib/test-node.ts";
import { refusal, startTestServer } from "../test-server.ts";

const path = "/postern/v1/{p}/clusters/probe";

test("each node is asked what it is, with the credentials, and nothing is kept", async () => {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const node = await startTestNode(({ headers }, response) => {
    response.statusCode = headers.authorization === undefined ? 401 : 200;
    const [name, uuid] = ["node-1", "vFBgtDzCQ3S3Mbwdzmc0Pg"];
    const version = { number: "2.19.0", distribution: "opensearch" };
    response.end(JSON.stringify({ name, cluster_name: "logs", cluster_uuid: uuid, version }));
  });
  const gone = await startTestNode(() => undefined);
  await gone.stop();
  const nodes = [`http://127.0.0.1:${node.port}`, `http://127.0.0.1:${gone.port}`];
  const { revision } = server.store;
  const refused = { url: nodes[1], answered: false, detail: "ECONNREFUSED" };
  const known = await owner.call("POST", path, { nodes, username: "u", password: "p" });
  expect(known.body["nodes"]).toEqual([
    {
      url: nodes[0],
      answered: true,
      detail: "HTTP 200",
      engine: "opensearch",
      version: "2.19.0",
      name: "node-1",
      cluster_name: "logs",
      cluster_uuid: "vFBgtDzCQ3S3Mbwdzmc0Pg",
    },
    refused,
  ]);
  const unknown = await owner.call("POST", path, { nodes });
  expect(unknown.body["nodes"]).toEqual([{ url: nodes[0], answered: true, detail: "HTTP 401" }, refused]);
  expect(server.store.revision).toBe(revision);
});

test.each([
  [
    "a node without a cluster",
    { name: "n", cluster_uuid: "_na_", version: { number: "8.1.0" } },
    { name: "n" },
  ],
  ["names that are none", { name: 7, cluster_name: null, version: { number: "8.1.0" } }, {}],
])("%s is told of without what it does not say", async (_what, said, told) => {
  const owner = await (await startTestServer()).tenant("owner");
  const node = await startTestNode((_request, response) => response.end(JSON.stringify(said)));
  const answer = await owner.call("POST", path, { nodes: [`http://127.0.0.1:${node.port}`] });
  const found = { engine: "elasticsearch", version: "8.1.0", ...told };
  expect(answer.body["nodes"]).toMatchObject([found]);
  expect(Object.keys((answer.body["nodes"] as object[])[0] ?? {})).toHaveLength(5 + Object.keys(told).length);
});

test("half of the credentials, and what is no node's address, are refused as in registering", async () => {
  const owner = await (await startTestServer()).tenant("owner");
  const half = await owner.call("POST", path, { nodes: ["http://127.0.0.1:9"], username: "u" });
  expect(refusal(half)).toBe("400 CSS.5037");
  expect((await owner.call("POST", path, { nodes: ["http://127.0.0.1:9/x"] })).status).toBe(400);
});
