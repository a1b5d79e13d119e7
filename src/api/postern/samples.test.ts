import { expect, test } from "vitest";
import { zeroFigures } from "../../domain/report.ts";
import { refusal, startTestServer } from "../test-server.ts";

async function start() {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const cluster = await owner.open("logs");
  const { vpcServiceName } = await cluster.connections();
  const [first, second] = [await owner.connect(vpcServiceName), await owner.connect(vpcServiceName)];
  const carry = (firstSessions: number, secondSessions: number): void => {
    const all = [
      { ...zeroFigures(first), sessions: firstSessions, bytesIn: 10 },
      { ...zeroFigures(second), sessions: secondSessions },
    ];
    server.samples.record(all, server.clock.now());
  };
  return { server, owner, cluster, first, second, carry };
}

test("the owner sees the last hour of a cluster, or of one endpoint; its consumer that one", async () => {
  const { server, owner, cluster, first, carry } = await start();
  carry(1, 2);
  server.clock.advance(15_000);
  carry(3, 2);
  const path = `/postern/v1/{p}/clusters/${cluster.id}/samples`;
  const whole = await owner.call("GET", path);
  const none = { new_sessions: 0, bytes_in: 0, bytes_out: 0, refusals: 0 };
  expect(whole.body).toMatchObject({
    interval_seconds: 15,
    samples: [
      { sessions: 3, ...none },
      { sessions: 5, ...none },
    ],
  });
  const one = await owner.call("GET", `${path}?endpoint=${first}`);
  expect(one.body["samples"]).toMatchObject([{ sessions: 1 }, { sessions: 3 }]);
  expect((await owner.call("GET", `/postern/v1/{p}/endpoints/${first}/samples`)).body).toEqual(one.body);
});

test("the owner sees what each connection carried of late, a page at a time", async () => {
  const { server, owner, cluster, first, second } = await start();
  const carry = (one: number, other: number): void => {
    const figures = [
      { ...zeroFigures(first), sessions: 1, bytesIn: one },
      { ...zeroFigures(second), sessions: 1, bytesOut: other },
    ];
    server.samples.record(figures, server.clock.now());
  };
  carry(0, 0);
  server.clock.advance(15_000);
  carry(100, 0);
  const path = `/postern/v1/{p}/clusters/${cluster.id}/samples/connections`;
  const shown = await owner.call("GET", `${path}?minutes=1`);
  expect(shown.body).toMatchObject({
    interval_seconds: 15,
    connections: [{ endpoint: first, bytes: [null, null, 0, 100] }],
    total_count: 1,
  });
  expect(Date.parse(String(shown.body["from"])) % 15_000).toBe(0);
  server.clock.advance(15_000);
  carry(100, 7);
  const pages = await Promise.all([0, 1].map((at) => owner.call("GET", `${path}?limit=1&offset=${at}`)));
  expect(pages.map(({ body }) => body["total_count"])).toEqual([2, 2]);
  const listed = pages.flatMap(({ body }) => body["connections"] as { endpoint: string; bytes: unknown[] }[]);
  expect(listed.map(({ endpoint }) => endpoint).toSorted()).toEqual([first, second].toSorted());
  expect(listed.map(({ bytes }) => bytes.length)).toEqual([60, 60]);
  expect((await owner.call("GET", `${path}?minutes=61`)).status).toBe(400);
});

test("nobody sees the samples of others", async () => {
  const { server, owner, cluster, first, carry } = await start();
  const stranger = await server.tenant("stranger");
  carry(1, 1);
  const theirs = await stranger.open("theirs");
  for (const path of [
    `clusters/${cluster.id}/samples`,
    `clusters/${cluster.id}/samples/connections`,
    `clusters/${theirs.id}/samples?endpoint=${first}`,
    `endpoints/${first}/samples`,
  ])
    expect(refusal(await stranger.call("GET", `/postern/v1/{p}/${path}`))).toMatch(/^40[034] /);
  expect((await owner.call("GET", `/postern/v1/{p}/endpoints/${first}/samples`)).status).toBe(200);
});
