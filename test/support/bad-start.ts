import { expect } from "vitest";
import { freePort } from "./free-port.ts";
import { startNode } from "./node.ts";
import { runCli, startPostern, withoutMetrics } from "./postern.ts";
import { Service } from "./service.ts";

/** The status of a program that cannot start for a reason that its operator can mend. */
const cannotStart = 78;

/**
 * Starts a system that must not start: it says nothing on standard output and has a status of its own for that.
 * @param args of `postern up`; an address to listen on is added where they name none
 * @returns what it says on standard error
 */
export async function failToStart(dataDir: string, ...args: readonly string[]): Promise<string> {
  const listen = args.includes("--listen") ? [] : ["--listen", `127.0.0.1:${await freePort()}`];
  const command = ["up", "--data", dataDir, ...listen, ...withoutMetrics, ...args];
  const { code, stdout, stderr } = await runCli(command, process.env);
  expect({ code, stdout, stderr }).toEqual({ code: cannotStart, stdout: "", stderr });
  return stderr;
}

/** Matches one line, a whole sentence and no more, that tells why. */
export function oneLine(reason: RegExp): RegExp {
  return new RegExp(`^postern: [^\\n]*${reason.source}[^\\n]*\\.\\n$`);
}

/** Starts a system on the data directory, gives it something to lose, ends it, and tells what there is to lose. */
export async function leaveState(dataDir: string): Promise<unknown> {
  const node = await startNode();
  const postern = await startPostern({ dataDir });
  try {
    return await (await Service.open(postern, "logs", [node])).connections();
  } finally {
    await postern.stop();
    await node.stop();
  }
}

/** The state that is there when a system starts on the data once more. */
export async function stateNow(dataDir: string): Promise<unknown> {
  const postern = await startPostern({ dataDir });
  try {
    const { body } = await postern.api<{ clusters: { id: string }[] }>("GET", "/postern/v1/{pid}/clusters");
    const path = `/v1.0/{pid}/clusters/${body.clusters[0]?.id ?? ""}/vpcepservice/connections?limit=1000`;
    return (await postern.api("GET", path)).body;
  } finally {
    await postern.stop();
  }
}
