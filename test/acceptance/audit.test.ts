import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";

test("what was done is listed, exported and verified, and who could reach a cluster is told", async () => {
  const directory = await mkdtemp(join(tmpdir(), "postern-audit-"));
  const file = join(directory, "trail.jsonl");
  const node = await startNode();
  const postern = await startPostern();
  try {
    const service = await Service.open(postern, "logs", [node]);
    const own = await service.ownEndpoint();
    const before = new Date().toISOString();
    ok(await service.decide("reject", own.id));

    const listed = await postern.cli(["audit", "--from", "-1h", "--resource", `endpoint/${own.id}`]);
    expect(listed.stdout).toContain("approval accepted -> rejected");
    expect(listed.stdout).toContain("127.0.0.1");

    expect((await postern.cli(["audit", "access", "logs", "--at", before])).stdout).toContain(own.id);
    expect((await postern.cli(["audit", "--at", before, "--cluster", "logs"])).stdout).toContain(own.id);
    expect((await postern.cli(["audit", "access", "logs"])).stdout).not.toContain(own.id);
    const early = await postern.cli(["audit", "access", "logs", "--at", "2001-01-01"]);
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining("knows changes since")]);

    expect((await postern.cli(["audit", "verify"])).stdout).toContain("The audit trail is whole");
    await writeFile(file, (await postern.cli(["audit", "export", "--all-projects"])).stdout);
    expect((await postern.cli(["audit", "verify", file])).stdout).toContain("is whole");
    const lines = await readFile(file, "utf8");
    await writeFile(file, lines.replace('"rejected"', '"accepted"'));
    const forged = await postern.cli(["audit", "verify", file]);
    expect([forged.code, forged.stderr]).toEqual([1, expect.stringContaining("does not fit from entry")]);
    await writeFile(file, lines.split("\n").toSpliced(2, 1).join("\n"));
    expect((await postern.cli(["audit", "verify", file])).stderr).toContain(
      "does not follow the one before it",
    );
    const part = await postern.cli(["audit", "export"]);
    expect(part.stderr).toContain("These lines cannot be verified later");
    await writeFile(file, part.stdout);
    const linkless = await postern.cli(["audit", "verify", file]);
    expect([linkless.code, linkless.stderr]).toEqual([2, expect.stringContaining("it has no link")]);
  } finally {
    await postern.stop();
    await node.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
