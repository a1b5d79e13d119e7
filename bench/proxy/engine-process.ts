/** The proxy engine in a process of its own, as in the field. Applies the endpoints that its parent sends. */
import process from "node:process";
import type { DesiredEndpoint } from "../../src/domain/desired.ts";
import { ProxyEngine } from "../../src/gateway/proxy/engine.ts";

const engine = await ProxyEngine.start({
  log: {
    warn: (fields, message) => console.error(message, fields),
    error: (fields, message) => console.error(message, fields),
  },
});

process.on("message", (desired: readonly DesiredEndpoint[]) => {
  void engine.apply(desired).then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit(0));
