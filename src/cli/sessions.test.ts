import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { envOf, runCli } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";
import type { FakeEndpoint } from "./fake-model.ts";
import type { Session } from "./wire.ts";

let fake: FakeApi;
let first: FakeEndpoint;
let second: FakeEndpoint;

function session(endpoint: string, host: string, wish: Partial<Session> = {}): Session {
  const rest = { state: "established", age_seconds: 65, idle_seconds: 3, bytes_in: 10, bytes_out: 2_000 };
  return {
    id: `${host}:40000-9200`,
    endpoint,
    source: `${host}:40000`,
    node: "10.9.0.1:9200",
    ...rest,
    ...wish,
  };
}

beforeEach(async () => {
  fake = await FakeApi.start();
  const clusters = ["logs", "traces"].map((name) => fake.model.addCluster({ name, nodes: [] }));
  for (const { id } of clusters) fake.model.open(id, false);
  [second, first] = fake.model.endpoints as [FakeEndpoint, FakeEndpoint];
  first.live = [
    session(first.id, "10.0.0.1"),
    session(first.id, "10.0.0.2", { age_seconds: 9, bytes_in: 5 }),
  ];
  second.live = [session(second.id, "10.0.0.3")];
});
afterEach(() => fake.close());

const cli = (...args: readonly string[]) => runCli(args, { env: envOf(fake) });

describe("sessions", () => {
  test("prints the sessions of a cluster", async () => {
    const { stdout, stderr, code } = await cli("sessions", "logs");
    expect([code, stderr, stdout.split("\n")]).toEqual([
      0,
      "",
      [
        "ENDPOINT                              SESSION              NODE           AGE    IDLE  BYTES IN  BYTES OUT  STATE",
        `${first.id}  10.0.0.2:40000-9200  10.9.0.1:9200  9s     3s    5         2000       established`,
        `${first.id}  10.0.0.1:40000-9200  10.9.0.1:9200  1m 5s  3s    10        2000       established`,
        "",
      ],
    ]);
  });

  test("in the order and number that is asked for, and says that there are more", async () => {
    const { stdout } = await cli("sessions", "logs", "--sort", "bytes", "--limit", "1");
    expect(stdout).toContain("10.0.0.1:40000-9200");
    expect(stdout).toContain("These are the first 1 of 2 sessions; --limit shows more.");
    expect((await cli("sessions", "logs", "--sort", "colour")).stderr).toContain("age, bytes, idle, source");
  });

  test("of an endpoint it finds the cluster by itself, and prints JSON as the API gives it", async () => {
    const { stdout } = await cli("sessions", "--endpoint", second.id, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      sessions: [{ endpoint: second.id, node: "10.9.0.1:9200" }],
      total_count: 1,
    });
  });

  test("of an endpoint of somebody else's cluster there is no node", async () => {
    fake.model.clusters.pop();
    const { stdout } = await cli("sessions", "--endpoint", second.id);
    expect(stdout).toMatch(/10\.0\.0\.3:40000-9200 {2}- /);
  });

  test("says where there is none", async () => {
    first.live = [];
    expect((await cli("sessions", "logs")).stdout).toBe("There is no session.\n");
    expect((await cli("sessions")).stderr).toContain("must say which one");
  });
});

describe("kill", () => {
  test("ends a session of one's own endpoint", async () => {
    const { stdout, code } = await cli("kill", first.id, "10.0.0.1:40000-9200");
    expect([code, stdout]).toEqual([
      0,
      "Ended 10.0.0.1:40000-9200: 1 session was cut; the gateways have applied it.\n",
    ]);
    expect(first.live?.map(({ id }) => id)).toEqual(["10.0.0.2:40000-9200"]);
  });

  test("of others it looks through one's services", async () => {
    fake.before = ({ path }) => {
      // The endpoint is another project's.
      const { endpoints } = fake.model;
      if (path.endsWith(`/endpoints/${second.id}`)) endpoints.splice(endpoints.indexOf(second), 1);
      else if (!endpoints.includes(second)) endpoints.unshift(second);
    };
    const { stdout } = await cli("kill", second.id, "10.0.0.3:40000-9200", "--json");
    expect(JSON.parse(stdout)).toEqual({ endpoint: second.id, session: "10.0.0.3:40000-9200", severed: 1 });
    expect(fake.writes().map((write) => write.split("/").slice(0, 5).at(-1))).toEqual([
      "services",
      "services",
    ]);
  });

  test("says what is not there, and what is no id", async () => {
    const gone = await cli("kill", first.id, "10.0.0.9:40000-9200");
    expect([gone.code, gone.stderr]).toEqual([
      1,
      expect.stringContaining("has no session 10.0.0.9:40000-9200"),
    ]);
    const nowhere = await cli("kill", "none", "10.0.0.9:40000-9200");
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("nothing was ended")]);
    const odd = await cli("kill", first.id, "../../everything");
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("such as 10.0.0.7:51234-9200")]);
    expect(first.live).toHaveLength(2);
  });

  test("a dry run ends nothing", async () => {
    expect((await cli("kill", first.id, "10.0.0.1:40000-9200", "--dry-run")).stdout).toContain(
      "Nothing was changed",
    );
    expect(first.live).toHaveLength(2);
  });
});

describe("top without a terminal", () => {
  test("prints one table of the cluster's endpoints, with rates of two samples", async () => {
    first.sessions = 2;
    const { stdout, code } = await cli("top", "logs");
    const [head, row, ...rest] = stdout.split("\n");
    expect([code, rest]).toEqual([0, [""]]);
    expect(head).toMatch(/^ENDPOINT +ADDRESS +STATUS +SESSIONS +NEW\/S +IN\/S +OUT\/S +REFUSED\/S$/);
    expect(row).toMatch(new RegExp(`^${first.id} +127\\.\\S+ +accepted +▏·+ 2/3000 +0 +0 +0 +0$`));
  });

  test("prints JSON, and a consumer's own endpoints", async () => {
    const { stdout } = await cli("top", "--consumer", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      endpoints: [
        { id: second.id, sessions: 0, new_sessions_per_second: 0 },
        { id: first.id, refusals_per_second: {} },
      ],
    });
  });
});
