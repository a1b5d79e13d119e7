/** Programs of the gateway's host that have nothing to do with Postern: they listen on every address. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { listenOn } from "../listen.ts";
import { serve } from "./serve.ts";

const heard: string[] = [];

const procedures = {
  /** Listens with TCP and UDP, in both families. */
  start: async (port: number): Promise<void> => {
    const server = createServer((socket) => {
      heard.push(`TCP from ${socket.remoteAddress ?? "somebody"}`);
      socket.destroy();
    });
    await listenOn(server, port, "::");
    const datagrams = createSocket("udp6").bind(port, "::");
    datagrams.on("message", (_message, from) => heard.push(`UDP from ${from.address}`));
    await once(datagrams, "listening");
  },
  /** Who was heard since the last call. */
  heard: (): readonly string[] => heard.splice(0),
};

export type BystanderProcedures = typeof procedures;
serve(procedures);
