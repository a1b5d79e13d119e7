import { existsSync, rmSync } from "node:fs";
import { confirm } from "../cli/confirm.ts";
import type { CliIo } from "../cli/io.ts";
import { takeHostLock } from "../gateway/kernel/host-lock.ts";
import { removeFromKernel, type Removal } from "../gateway/kernel/remove.ts";
import { SnapshotFile } from "../gateway/snapshot-file.ts";
import { takeExclusiveLock } from "../lib/exclusive-lock.ts";
import type { Logger } from "../lib/log.ts";
import { StartError } from "../lib/start-error.ts";
import type { DataPaths } from "./paths.ts";

export interface GatewayRemoval {
  readonly paths: DataPaths;
  /** Whether `--yes` was given. */
  readonly isConfirmed: boolean;
  readonly io: Pick<CliIo, "stdin" | "stdout" | "stderr" | "isTerminal">;
  readonly log: Logger;
}

const warning =
  "This takes Postern's tables, routes and rules out of the kernel of this host. The sessions that it carries end, and\n" +
  "interfaces of networks are taken down.\n";

/** Takes what gateways have left in the kernel out of it, after asking. @throws StartError where that cannot be */
export async function removeGateway({ paths, isConfirmed, io, log }: GatewayRemoval): Promise<void> {
  // Where no gateway has ever run there is nothing to lock, and no directory to make.
  const lock = existsSync(paths.gateway)
    ? takeExclusiveLock(paths.gatewayLock, "Postern gateway", 0)
    : undefined;
  const hostLock = await takeHostLock().catch(explain);
  try {
    if (!isConfirmed) await requireYes(io);
    const snapshot = await new SnapshotFile(paths.gatewaySnapshot).read().catch(() => undefined);
    const removal = await removeFromKernel(snapshot?.networks ?? [], log).catch(explain);
    rmSync(paths.gatewayKernelMark, { force: true });
    io.stdout.write(describe(removal));
  } finally {
    hostLock.release();
    lock?.release();
  }
}

function explain(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new StartError(`Nothing more was removed: ${reason} Run it as root; it can be repeated.`);
}

async function requireYes(io: GatewayRemoval["io"]): Promise<void> {
  io.stderr.write(warning);
  if (!io.isTerminal)
    throw new StartError(
      "Nothing was removed: nobody is there to ask. Repeat it with --yes when you mean it.",
    );
  if (!(await confirm(io, "Remove it? [y/N] ")))
    throw new StartError("Nothing was removed, as you did not say yes.");
}

function describe({ tables, routing, cables, interfaces, sessions }: Removal): string {
  const lines = [
    ...tables.map((table) => `table ${table}`),
    ...routing,
    ...cables.map((name) => `cable ${name}`),
  ].map((line) => `removed: ${line}\n`);
  if (lines.length === 0) return "There is nothing of Postern's in the kernel of this host.\n";
  const down = interfaces.map((name) => `taken down: ${name}\n`);
  return [
    ...lines,
    ...down,
    `sessions ended: ${sessions}\n`,
    "Settings (sysctl) are as they were. A gateway that is started again carries its networks anew.\n",
  ].join("");
}
