import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import Fastify from "fastify";

/**
 * The yardstick: a Fastify route that does nothing but send the bytes of the files that it was started with, as
 * `/0`, `/1`, ... Prints the port on its channel.
 */
const app = Fastify();
for (const [index, file] of process.argv.slice(2).entries()) {
  const body = readFileSync(file, "utf8");
  app.get(`/${index}`, (_request, reply) => {
    void reply.header("content-type", "application/json; charset=utf-8").send(body);
  });
}
await app.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ port: (app.server.address() as AddressInfo).port });
process.once("disconnect", () => process.exit(0));
