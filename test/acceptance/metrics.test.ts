import { createServer } from "node:net";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { failToStart, oneLine } from "../support/bad-start.ts";
import { freePort } from "../support/free-port.ts";
import { runGuarded } from "../support/guarded-process.ts";
import { listenOn } from "../support/listen.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { Prometheus, providePrometheus } from "../support/prometheus.ts";
import type { PrometheusPrograms } from "../support/prometheus.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import { openSessions, refusalOf } from "../support/session.ts";
import type { Session } from "../support/session.ts";

const deploy = fileURLToPath(new URL("../../deploy", import.meta.url));
const reference = fileURLToPath(new URL("../../docs/metrics.md", import.meta.url));
const cap = 3;
const refused = 2;

let directory: string;
let ports: { readonly server: number; readonly gateway: number };
let postern: Postern;
let nodes: [SearchNode, SearchNode];
let service: Service;
let own: Endpoint;
let cut: Endpoint;
const sessions: Session[] = [];

/** Two nodes, one of which is gone; an endpoint that is full and refuses; another that was rejected with a session. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-metrics-"));
  ports = { server: await freePort(), gateway: await freePort() };
  nodes = [await startNode({ name: "one" }), await startNode({ name: "two" })];
  const args = [
    "--metrics-server",
    `127.0.0.1:${ports.server}`,
    "--metrics-gateway",
    `127.0.0.1:${ports.gateway}`,
  ];
  postern = await startPostern({ args });
  service = await Service.open(postern, "logs", nodes);
  own = await service.ownEndpoint();
  cut = await createEndpoint(postern, await service.name());
  ok(await service.setCap(own.id, cap));
  sessions.push(...(await openSessions(own, cap)));
  for (const session of sessions) await session.echo();
  for (let n = 0; n < refused; n += 1) await refusalOf(own);
  sessions.push(...(await openSessions(cut, 1)));
  ok(await service.decide("reject", cut.id));
  await nodes[1].stop();
});

afterAll(async () => {
  for (const session of sessions) session.close();
  await postern.stop();
  for (const node of nodes) await node.stop();
  await rm(directory, { recursive: true, force: true });
});

async function told(process: keyof typeof ports): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${ports[process]}/metrics`);
  expect(answer.status).toBe(200);
  return answer.text();
}

type Family = { readonly name: string; readonly help: string; readonly type: string };

/** The families of both processes. */
async function families(): Promise<Family[]> {
  const text = (await told("server")) + (await told("gateway"));
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \1 (\S+)$/gm)].map(
    ([, name = "", help = "", type = ""]) => ({ name, help, type }),
  );
}

describe("Debian's Prometheus", () => {
  let programs: PrometheusPrograms | undefined;
  let obstacle = "";
  beforeAll(async () => {
    programs = await providePrometheus().catch((error: unknown) => {
      obstacle = error instanceof Error ? error.message : String(error);
      return undefined;
    });
  });
  beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

  async function promtool(...args: readonly string[]): Promise<string> {
    const shell = [
      "-c",
      'cd "$0" && exec "$@"',
      join(deploy, "prometheus"),
      programs?.promtool ?? "",
      ...args,
    ];
    return (await runGuarded("sh", shell, { timeoutMs: 60_000 })).output;
  }

  test("has nothing to say against what server and gateway tell", async () => {
    for (const process of ["server", "gateway"] as const) {
      const file = join(directory, `${process}.txt`);
      await writeFile(file, await told(process));
      const check = ["-c", '"$0" check metrics < "$1"', programs?.promtool ?? "", file];
      expect((await runGuarded("sh", check, { timeoutMs: 60_000 })).output).toBe("");
    }
  });

  test("takes the rules, what they are tested with, and the example of a configuration", async () => {
    expect(await promtool("check", "rules", "postern.rules.yml")).toContain("SUCCESS");
    expect(await promtool("test", "rules", "postern.rules.test.yml")).toContain("SUCCESS");
    expect(await promtool("check", "config", "prometheus.yml")).toContain("SUCCESS");
  });

  test("every alert has a test that it fires, and one that it does not", async () => {
    const rules = await readFile(join(deploy, "prometheus/postern.rules.yml"), "utf8");
    const tests = await readFile(join(deploy, "prometheus/postern.rules.test.yml"), "utf8");
    const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = ""]) => name);
    expect(alerts.length).toBeGreaterThan(9);
    for (const alert of alerts) {
      expect(tests).toMatch(new RegExp(`alertname: ${alert}\\n +exp_alerts:`));
      expect(tests).toContain(`alertname: ${alert} }`);
    }
  });

  test("reads both processes, and answers what was done", async () => {
    if (!programs) return;
    const example = await readFile(join(deploy, "prometheus/prometheus.yml"), "utf8");
    const configuration = example
      .replace("127.0.0.1:9701", `127.0.0.1:${ports.server}`)
      .replace("127.0.0.1:9702", `127.0.0.1:${ports.gateway}`)
      .replace("scrape_timeout: 10s", "scrape_timeout: 1s")
      .replaceAll("_interval: 15s", "_interval: 1s")
      .replace("- postern.rules.yml", `- ${join(deploy, "prometheus/postern.rules.yml")}`);
    const prometheus = await Prometheus.start(programs, configuration);
    const ofOwn = `{endpoint="${own.id}"}`;
    const expected = {
      'up{job="postern-server"}': 1,
      'up{job="postern-gateway"}': 1,
      [`postern_endpoint_sessions${ofOwn}`]: cap,
      [`postern_endpoint_session_limit${ofOwn}`]: cap,
      [`postern_endpoint_new_sessions_total${ofOwn}`]: cap,
      [`postern_endpoint_refusals_total{endpoint="${own.id}",reason="session_cap"}`]: refused,
      [`postern_endpoint_refusals_total{endpoint="${own.id}",reason="not_accepted"}`]: 0,
      [`postern_reported_endpoint_sessions${ofOwn}`]: cap,
      [`postern_reported_endpoint_refusals_total{endpoint="${own.id}",reason="session_cap"}`]: refused,
      [`postern_endpoint_sessions{endpoint="${cut.id}"}`]: 0,
      [`postern:endpoint_cap_use:ratio${ofOwn}`]: 1,
      postern_gateway_severed_sessions_total: 1,
      postern_gateway_failed_endpoints: 0,
      postern_gateway_apply_errors_total: 0,
      postern_server_gateway_connected: 1,
      postern_server_gateway_revision_lag: 0,
      "postern_gateway_applied_revision - on () postern_server_revision": 0,
      "sum(postern_node_healthy)": 1,
      "count(postern_node_healthy)": 2,
      "sum(postern_reported_node_healthy)": 1,
      // Two endpoints; the name server has none here, as no name was asked for.
      postern_subnet_pool_used_addresses: 2,
      'ALERTS{alertname="PosternSessionCapReached",alertstate="pending"}': 1,
      'ALERTS{alertname="PosternNodeDown",alertstate="pending"}': 1,
    };
    const now = async (): Promise<Record<string, number | undefined>> => {
      const found: Record<string, number | undefined> = {};
      for (const expression of Object.keys(expected)) {
        const samples = await prometheus.query(expression);
        found[expression] = samples.length === 1 ? samples[0]?.value : undefined;
      }
      return found;
    };
    try {
      await vi.waitFor(async () => expect(await now()).toEqual(expected), { timeout: 40_000, interval: 500 });
      const [bytes] = await prometheus.query(
        `postern_endpoint_bytes_total{endpoint="${own.id}",direction="in"}`,
      );
      expect(bytes?.value).toBeGreaterThan(0);
      expect(Object.keys(bytes?.metric ?? {}).toSorted()).toEqual(
        ["__name__", "direction", "endpoint", "instance", "job", "network", "service"].toSorted(),
      );
      type Rules = { groups: { rules: { health: string; name: string }[] }[] };
      const rules = (await prometheus.api<Rules>("rules")).groups.flatMap((group) => group.rules);
      expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
    } finally {
      await prometheus.stop();
    }
  });
});

describe("what is told", () => {
  test("holds nothing of who connected, and no node's address", async () => {
    for (const process of ["server", "gateway"] as const) {
      expect(await told(process)).not.toMatch(/\b127\.\d+\.\d+\.\d+\b|token|\badmin\b/);
    }
  });

  test("has every metric that the dashboard and the rules speak of", async () => {
    const known = new Set(
      (await families()).flatMap(({ name, type }) =>
        type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    for (const file of [
      "grafana/postern.json",
      "prometheus/postern.rules.yml",
      "prometheus/postern.rules.test.yml",
    ]) {
      const text = await readFile(join(deploy, file), "utf8");
      const used = new Set(text.match(/\b(?:postern|nodejs|process)_[a-z0-9_]+\b/g));
      expect([...used].filter((name) => !known.has(name))).toEqual([]);
      expect(used.size).toBeGreaterThan(9);
    }
  });

  test("is what the documentation says, and nothing else", async () => {
    const documented = [
      ...(await readFile(reference, "utf8")).matchAll(/^\| `(postern_\w+)` +\| (\w+) +\| .* \| (.*?) +\|$/gm),
    ].map(([, name = "", type = "", help = ""]) => ({ name, type, help }));
    const ours = (await families()).filter(({ name }) => name.startsWith("postern_"));
    const byName = new Map(ours.map((family) => [family.name, family]));
    expect(documented).toEqual(
      documented
        .map(({ name }) => byName.get(name))
        .map((family) => ({
          name: family?.name,
          type: family?.type,
          help: family?.help,
        })),
    );
    expect(documented.map(({ name }) => name).toSorted()).toEqual([...byName.keys()].toSorted());
  });
});

describe("an address", () => {
  test("that was asked for and is taken stops the start; so does one for others without a token", async () => {
    const holder = createServer();
    const port = await listenOn(holder, 0, "127.0.0.1");
    const data = join(directory, "data");
    try {
      const taken = `127.0.0.1:${port}`;
      for (const option of ["--metrics-server", "--metrics-gateway"]) {
        expect(await failToStart(data, option, taken)).toMatch(oneLine(/Port \d+ on 127\.0\.0\.1 is taken/));
      }
    } finally {
      holder.close();
    }
    expect(await failToStart(data, "--metrics-server", "0.0.0.0:0")).toMatch(oneLine(/--metrics-token-file/));
  });

  test("that others reach takes the token", async () => {
    const token = "0123456789abcdef0123456789abcdef";
    const file = join(directory, "token");
    await writeFile(file, `${token}\n`, { mode: 0o600 });
    const port = await freePort("0.0.0.0");
    const args = [
      "--metrics-gateway",
      `0.0.0.0:${port}`,
      "--metrics-server",
      "off",
      "--metrics-token-file",
      file,
    ];
    const guarded = await startPostern({ args });
    try {
      const ask = async (authorization: string): Promise<number> =>
        (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization } })).status;
      expect(await ask("")).toBe(401);
      expect(await ask("Bearer something-else-altogether")).toBe(401);
      expect(await ask(`Bearer ${token}`)).toBe(200);
    } finally {
      await guarded.stop();
    }
  });
});
