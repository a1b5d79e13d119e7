import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";

type Line = Readonly<Record<string, unknown>>;

let node: SearchNode;
let postern: Postern;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern({ args: ["--log-level", "info"] });
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

function lines(name: "server" | "gateway"): Line[] {
  const json = postern
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  return json.map((line): Line => JSON.parse(line)).filter((line) => line["name"] === name);
}

function debugLines(name: "server" | "gateway"): number {
  return lines(name).filter(({ level }) => Number(level) <= 20).length;
}

test("a request's id leads from the answer to the server's line, and on to the gateway's", async () => {
  const made = await postern.api("POST", "/postern/v1/{pid}/vpcs", { name: "edge" });
  const requestId = made.headers.get("x-request-id");
  const revision = Number(made.headers.get("x-postern-revision"));
  const server = await eventually(() => lines("server").find((line) => line["requestId"] === requestId));
  expect(server).toMatchObject({ msg: "request", operation: "CreateVpc", status: 200, revision });
  const isIts = ({ requestIds }: Line): boolean =>
    Array.isArray(requestIds) && requestIds.includes(requestId);
  const gateway = await eventually(() => lines("gateway").find(isIts));
  expect(gateway).toMatchObject({ msg: "snapshot applied", revision });
});

test("levels change while the processes run: by the API, for a time, and by a signal", async () => {
  expect(debugLines("server")).toBe(0);
  expect((await postern.cli(["log-level", "debug", "--for", "1h"])).code).toBe(0);
  await eventually(() => debugLines("server") > 0, { what: "a debug line of the server" });
  const called = await eventually(() => lines("server").find(({ gatewayRequestId }) => gatewayRequestId));
  expect(called).toMatchObject({
    msg: "a gateway called",
    gatewayRequestId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect((await postern.cli(["log-level"])).stdout).toBe("server: debug\ngateway: default\n");
  expect((await postern.cli(["log-level", "default"])).stdout).toContain("what it was started with");
  expect((await postern.cli(["log-level", "error", "--gateway"])).code).toBe(0);
  // The gateway follows with a heartbeat: then revisions pass without a line of it.
  await eventually(async () => {
    const before = lines("gateway").length;
    await postern.api("POST", "/postern/v1/{pid}/vpcs", { name: `quiet-${Date.now()}` });
    return lines("gateway").length === before;
  });
  // To the supervisor, which passes it on.
  const { up } = await postern.pids();
  const before = debugLines("server");
  process.kill(up, "SIGUSR2");
  await eventually(() => debugLines("server") > before, { what: "debug lines after the signal" });
  process.kill(up, "SIGUSR2");
});

test("no secret is in the lines of either process at their loudest, or in its command line", async () => {
  for (const wanted of [["trace"], ["trace", "--gateway"]]) await postern.cli(["log-level", ...wanted]);
  const { admin } = postern;
  const password = "marked-node-password";
  const cluster = { name: "marked", nodes: [node.url], username: "marked-user", password, open: true };
  expect((await postern.api("POST", "/postern/v1/{pid}/clusters", cluster)).status).toBe(200);
  const opened = await postern.cli(["open", "marked"]);
  expect(opened.code).toBe(0);
  const identity = (text: string) => ({
    methods: ["password"],
    password: { user: { name: admin.user, password: text, domain: { name: "postern" } } },
  });
  const signIn = (text: string) =>
    postern.api("POST", "/v3/auth/tokens", { auth: { identity: identity(text) } });
  const token = (await signIn(admin.password)).headers.get("x-subject-token") ?? "";
  expect(token).not.toBe("");
  expect((await signIn("marked-wrong-password")).status).toBe(401);
  const account = await postern.api<Record<string, string>>("POST", "/postern/v1/accounts", {
    name: "marked",
  });
  const backup = join(postern.dataDir, "marked.tar");
  expect((await postern.cli(["backup", backup])).code).toBe(0);
  const credentials = JSON.parse(
    await readFile(join(postern.dataDir, "gateway", "credentials.json"), "utf8"),
  );
  const secrets = [
    admin.password,
    admin.secret_key,
    admin.token,
    token,
    password,
    "marked-wrong-password",
    btoa(`marked-user:${password}`),
    account.body["password"],
    account.body["secret_key"],
    account.body["token"],
    (credentials as { token: string }).token,
  ];
  expect(secrets.every((secret) => (secret?.length ?? 0) > 10)).toBe(true);
  await eventually(() => lines("server").some(({ operation }) => operation === "CreateBackup"));
  const pids = Object.values(await postern.pids());
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  const everything = [postern.output(), ...commands].join("\n");
  expect(everything).toContain("sign-in refused");
  expect(secrets.filter((secret) => everything.includes(secret ?? ""))).toEqual([]);
});
