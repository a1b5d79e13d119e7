import type { TextSink } from "../cli/io.ts";
import { renderTable } from "../cli/table.ts";
import { judgeHost } from "../gateway/kernel/host-check.ts";
import { gatherHostFacts } from "../gateway/kernel/host-facts.ts";
import { SnapshotFile } from "../gateway/snapshot-file.ts";
import type { DataPaths } from "./paths.ts";

/** Prints what this host has and lacks for carrying networks in the kernel. Returns the exit status: 1 where it lacks something. */
export async function checkGatewayHost(paths: DataPaths, isJson: boolean, out: TextSink): Promise<number> {
  const findings = judgeHost(await gatherHostFacts(await largestCap(paths)));
  const isReady = findings.every(({ isMet }) => isMet);
  if (isJson) {
    const checks = findings.map(({ isMet, ...rest }) => ({ ...rest, ok: isMet }));
    out.write(`${JSON.stringify({ ok: isReady, checks }, null, 2)}\n`);
    return isReady ? 0 : 1;
  }
  const rows = findings.map(({ name, isMet, purpose, found }) => [
    isMet ? "ok" : "LACKS",
    name,
    found,
    purpose,
  ]);
  out.write(`${renderTable(["", "WHAT", "FOUND", "FOR"], rows)}\n`);
  for (const { name, fix } of findings) if (fix !== undefined) out.write(`\n${name}:\n  ${fix}\n`);
  return isReady ? 0 : 1;
}

/** Of the endpoints that a gateway with this data directory carried last in the kernel; 0 where it did not. */
async function largestCap(paths: DataPaths): Promise<number> {
  const snapshot = await new SnapshotFile(paths.gatewaySnapshot).read().catch(() => undefined);
  const carried = (snapshot?.endpoints ?? []).filter(({ kernel }) => kernel !== undefined);
  return Math.max(0, ...carried.map(({ maxSession }) => maxSession));
}
