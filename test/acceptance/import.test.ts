import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { publishedListing } from "../support/published-listing.ts";
import { ok, Service, type Caller } from "../support/service.ts";

let directory: string;
let file: string;
let node: SearchNode;
let postern: Postern;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-import-"));
  file = join(directory, "listing.json");
  await writeFile(file, publishedListing);
  node = await startNode();
  postern = await startPostern({ dataDir: join(directory, "data") });
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
  await rm(directory, { recursive: true, force: true });
});

const listing = JSON.parse(publishedListing) as {
  connections: { id: string; domain_id: string; vpcepIp: string }[];
};
const [first, second] = listing.connections.map(({ id }) => id);

/** Everything that an import could change, as the API shows it. */
async function everything(service: Service): Promise<unknown> {
  const paths = ["status", "vpcs", `clusters/${service.clusterId}`, "endpoints"];
  const answers: unknown[] = [];
  for (const path of paths) answers.push(ok(await postern.api("GET", `/postern/v1/{pid}/${path}`)));
  answers.push(ok(await postern.api("GET", "/postern/v1/accounts")));
  const connections = await postern.api("GET", service.path("connections"));
  return [...answers, connections.status, connections.body].map((answer) =>
    // Only these move by themselves.
    JSON.stringify(answer, (key, value: unknown) =>
      ["last_seen_at", "request_id"].includes(key) ? null : value,
    ),
  );
}

let service: Service;

test("what stands in the way is listed with what to do, and nothing is changed", async () => {
  // Whoever asks, it is the Postern of now: one of the tests restarts it.
  const owner: Caller = { api: (...request) => postern.api(...request) };
  service = await Service.register(owner, "css-op-no-delete", [node]);
  const before = await everything(service);
  const refused = await postern.cli(["import", "css-op-no-delete", file]);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain(`${first}  There is no account db9b76a0d9ae431f8e85e89da2ca867c here.`);
  expect(refused.stdout).toContain("postern import css-op-no-delete FILE --create-missing");
  expect(refused.stderr).toContain("Nothing was changed");
  const planned = await postern.cli(["import", "css-op-no-delete", file, "--create-missing", "--dry-run"]);
  expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining(first ?? "") });
  expect(await everything(service)).toEqual(before);
});

test("the published example comes back as it stands there, and stays so over a restart", async () => {
  const imported = await postern.cli(["import", "css-op-no-delete", file, "--create-missing"]);
  expect(imported).toMatchObject({ code: 0 });
  const get = async (): Promise<unknown> => ok(await postern.api("GET", service.path("connections")));
  expect(await get()).toEqual(listing);

  const again = await postern.cli(["import", "css-op-no-delete", file, "--create-missing"]);
  expect(again.code).toBe(1);
  expect(again.stdout).toContain("has an endpoint service already");
  expect(await get()).toEqual(listing);

  await postern.stop();
  postern = await startPostern({ dataDir: join(directory, "data") });
  expect(await get()).toEqual(listing);
  expect(await readFile(join(directory, "data", "gateway", "snapshot.json"), "utf8")).not.toContain(
    "192.168.0.",
  );
});

test("imported connections are accepted, rejected and whitelisted as any other, and say that nothing carries them", async () => {
  if (first === undefined || second === undefined) throw new TypeError("the example has two connections");
  ok(await service.decide("reject", first));
  expect((await service.connections()).connections).toMatchObject([
    { status: "rejected" },
    { status: "accepted" },
  ]);
  ok(await service.decide("receive", first));
  expect((await service.connections()).connections).toMatchObject([
    { status: "accepted" },
    { status: "accepted" },
  ]);
  ok(await service.whitelist());
  expect((await service.connections()).connections).toMatchObject([
    { status: "rejected" },
    { status: "rejected" },
  ]);
  expect((await service.decide("receive", second)).status).toBe(400);
  const shown = await postern.cli(["connections", "css-op-no-delete"]);
  expect(shown.stderr).toContain(
    "no gateway is attached to, and carry nothing: 192.168.0.122, 192.168.0.133",
  );
});
