import { connect, createServer, type AddressInfo } from "node:net";
import type { EndpointId } from "../domain/ids.ts";
import type { Engine } from "./engine.ts";

const host = "127.0.0.1";

/**
 * Brings a throw-away endpoint up, meets its refusal, and takes it down again. A gateway with nothing to do yet runs
 * it once: a host on which the engine cannot work is found out before anybody opens a service, and the first
 * endpoint does not pay for code that has never run.
 * @throws Error where the endpoint does not come up or does not refuse
 */
export async function selfTest(engine: Engine): Promise<void> {
  const port = await freePort();
  const id = "00000000-0000-0000-0000-000000000000" as EndpointId;
  const endpoint = {
    id,
    address: host,
    clientPorts: [port],
    maxSession: 1,
    refusal: "service_closed",
    nodes: [],
  } as const;
  const { failures } = await engine.apply([endpoint], []);
  if (failures[0]) throw new Error(failures[0].message);
  await refused(port);
  await engine.apply([], []);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen({ host, port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}

function refused(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 2_000 });
    socket.once("error", () => resolve());
    socket.once("timeout", () => {
      socket.destroy();
      reject(new Error("a connection that has to be refused was not"));
    });
    socket.resume();
  });
}
