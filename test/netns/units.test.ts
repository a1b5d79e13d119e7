import { chmod, chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { runGuarded } from "../support/guarded-process.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import { executable } from "../support/postern.ts";
import { ok } from "../support/service.ts";

const units = ["postern-gateway.service", "postern-server.service"];
const node = "10.8.0.11";
const nobody = 65_534;

function readUnit(name: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url)), "utf8");
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "postern-units-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

test.for(units)("systemd finds nothing wrong with %s", async (name, { skip }) => {
  const hasSystemd = await runGuarded("which", ["systemd-analyze"], { timeoutMs: 10_000 }).catch(
    () => undefined,
  );
  if (!hasSystemd) skip("systemd-analyze is missing: apt-get install systemd");
  const directory = await temporaryDirectory();
  // Not where it would be installed, as a user that is there.
  const here = (await readUnit(name))
    .replaceAll("/opt/postern/bin/postern", executable)
    .replaceAll(/^(User|Group)=postern$/gm, "");
  // What is verified with it has to be there.
  for (const each of units)
    await writeFile(join(directory, each), each === name ? here : "[Service]\nExecStart=/bin/true\n");
  const said = await runGuarded("systemd-analyze", ["verify", "--man=no", join(directory, name)], {
    timeoutMs: 30_000,
  });
  expect(said.output).toBe("");
});

test("the gateway does its work with no more than the capabilities of its unit, as a user of its own", async () => {
  const unit = await readUnit("postern-gateway.service");
  const capabilities = /^CapabilityBoundingSet=(.+)$/m.exec(unit)?.[1] ?? "";
  expect(/^AmbientCapabilities=(.+)$/m.exec(unit)?.[1]).toBe(capabilities);
  expect(unit).toMatch(/^NoNewPrivileges=yes$/m);
  const held = capabilities.split(" ").map((name) => `+${name.replace("CAP_", "").toLowerCase()}`);
  const sets = ["-all", ...held].join();
  const user = ["--reuid", String(nobody), "--regid", String(nobody), "--clear-groups", "--no-new-privs"];
  const rights = ["--inh-caps", sets, "--ambient-caps", sets, "--bounding-set", sets];
  const behind = ["setpriv", ...user, ...rights];
  const dataDir = await temporaryDirectory();
  await chown(dataDir, nobody, nobody);
  await chmod(dataDir, 0o700);
  const plan = {
    nodes: [`${node}/24`],
    gateway: "10.8.0.2/24",
    consumers: [{ name: "a", address: "10.0.0.50/24" }],
  };
  const system = await startNetnsSystem(plan, { a: "10.0.0.0/24" }, { behind, dataDir });
  onTestFinished(() => system.stop());
  const service = await system.openService("logs", [node]);
  const endpoint = await system.endpoint("a", service);
  const { client } = system.consumer("a");
  await eventually(() => client.call("get", endpoint, "/ready"), { what: "the endpoint to answer" });
  const { gateway } = await system.postern.pids();
  const status = await readFile(`/proc/${gateway}/status`, "utf8");
  expect(status).toMatch(/^Uid:\s+65534/m);
  expect(status).toMatch(/^CapBnd:\s+0000000000003400$/m);
  const { admitted } = await client.call("open", endpoint, 3);
  ok(await service.decide("reject", endpoint.id));
  await eventually(async () =>
    expect(await client.call("fates", admitted)).toEqual({ deaths: { ECONNRESET: 3 }, marks: 0 }),
  );
  expect(system.postern.output()).not.toMatch(/could not be made|refused/);
});
