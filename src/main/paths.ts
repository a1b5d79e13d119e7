import { join } from "node:path";

/** The data directory that is meant where none is named. */
export const defaultData = ".postern/data";

/** Where everything lies in a data directory. */
export interface DataPaths {
  readonly root: string;
  readonly admin: string;
  readonly secretKey: string;
  readonly database: string;
  /** There while a restore is put in place. */
  readonly pendingRestore: string;
  readonly upLock: string;
  readonly serverLock: string;
  readonly run: string;
  readonly gateway: string;
  readonly gatewayLock: string;
  readonly gatewayCredentials: string;
  readonly gatewaySnapshot: string;
  /** There once the kernel carried networks. */
  readonly gatewayKernelMark: string;
}

export function dataPaths(root: string): DataPaths {
  const gateway = join(root, "gateway");
  return {
    root,
    admin: join(root, "admin.json"),
    secretKey: join(root, "secret.key"),
    database: join(root, "postern.db"),
    pendingRestore: join(root, "restore.pending"),
    upLock: join(root, "up.lock"),
    serverLock: join(root, "server.lock"),
    run: join(root, "run"),
    gateway,
    gatewayLock: join(gateway, "gateway.lock"),
    gatewayCredentials: join(gateway, "credentials.json"),
    gatewaySnapshot: join(gateway, "snapshot.json"),
    gatewayKernelMark: join(gateway, "kernel"),
  };
}
