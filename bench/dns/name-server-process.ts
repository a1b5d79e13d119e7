/** The gateway's name server in a process of its own. Serves the names of the snapshot that its parent sends. */
import process from "node:process";
import type { Snapshot } from "../../src/domain/snapshot.ts";
import { NameService } from "../../src/gateway/dns/name-service.ts";

const names = new NameService({
  ttlS: 5,
  ports: [Number(process.argv[2])],
  isHealthy: () => true,
  openInKernelNetwork: () => Promise.reject(new Error("There are loopback networks only.")),
  log: {
    info: () => undefined,
    warn: (fields, message) => console.error(message, fields),
    error: (fields, message) => console.error(message, fields),
  },
});

process.on("message", (snapshot: Snapshot) => {
  void names.apply(snapshot, { severedSessions: 0, failures: [] });
});
process.on("disconnect", () => process.exit(0));
