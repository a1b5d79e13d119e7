import { renderTable } from "../cli/table.ts";
import { judgeHost } from "../gateway/kernel/host-check.ts";
import { gatherHostFacts } from "../gateway/kernel/host-facts.ts";

/** Prints what this host has and lacks for carrying networks in the kernel. Returns the exit status: 1 where it lacks something. */
export async function checkGatewayHost(isJson: boolean, print: (text: string) => void): Promise<number> {
  const findings = judgeHost(await gatherHostFacts());
  const isReady = findings.every(({ isMet }) => isMet);
  if (isJson) {
    const checks = findings.map(({ isMet, ...rest }) => ({ ...rest, ok: isMet }));
    print(`${JSON.stringify({ ok: isReady, checks }, null, 2)}\n`);
    return isReady ? 0 : 1;
  }
  const rows = findings.map(({ name, isMet, purpose, found }) => [
    isMet ? "ok" : "LACKS",
    name,
    found,
    purpose,
  ]);
  print(`${renderTable(["", "WHAT", "FOUND", "FOR"], rows)}\n`);
  for (const { name, fix } of findings) if (fix !== undefined) print(`\n${name}:\n  ${fix}\n`);
  return isReady ? 0 : 1;
}
