import { createSocket } from "node:dgram";
import { once } from "node:events";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { endpointId, serviceId, vpcId } from "../../domain/test-fixtures.ts";
import type { Snapshot } from "../../domain/snapshot.ts";
import type { KernelResolver } from "../engine.ts";
import { NameService } from "./name-service.ts";
import {
  aNamedSnapshot,
  aQuery,
  askDatagram,
  freePort,
  name,
  nameOf,
  otherEndpointId,
  otherVpcId,
  read,
} from "./test-dns.ts";

const [address, otherAddress] = ["127.80.0.10", "127.81.0.10"];
const allUp = { severedSessions: 0, failures: [] };

let port: number;

beforeEach(async () => {
  port = await freePort(address);
});

function start(
  wish: { readonly ports?: readonly number[]; readonly open?: (place: KernelResolver) => never } = {},
) {
  const state = { isHealthy: true as boolean | null, warnings: [] as object[] };
  const service = new NameService({
    ttlS: 5,
    ports: wish.ports ?? [port],
    isHealthy: () => state.isHealthy,
    openInKernelNetwork: async (place) =>
      Promise.resolve(wish.open?.(place) ?? { datagrams: -1, streams: -1 }),
    log: {
      info: () => undefined,
      warn: (fields) => void state.warnings.push(fields),
      error: (fields) => void state.warnings.push(fields),
    },
  });
  onTestFinished(() => service.close());
  return { service, state };
}

async function ask(question: string, at = address, atPort = port): Promise<string> {
  const { code, answers } = read(await askDatagram(aQuery(question, "A"), at, atPort));
  return [code, ...answers.map((answer) => answer.split(" ").at(-1))].join(" ");
}

/** Holds an address and port until it is told to let go. */
async function hold(at: string, atPort: number): Promise<() => Promise<void>> {
  const socket = createSocket("udp4");
  socket.bind({ address: at, port: atPort, exclusive: true });
  await once(socket, "listening");
  return async () => {
    socket.close();
    await once(socket, "close");
  };
}

test("each network asks at its own address, and learns of its own endpoints", async () => {
  const { service } = start();
  await service.apply(aNamedSnapshot(), allUp);
  expect(await ask(name)).toBe('NOERROR "127.80.0.2"');
  expect(await ask(name, otherAddress)).toBe("NXDOMAIN");
  expect(await ask(nameOf(otherEndpointId), otherAddress)).toBe('NOERROR "127.81.0.2"');
});

test("names follow the snapshot, failures, what is still coming, and nodes", async () => {
  const { service, state } = start();
  const failure = { endpointId, code: "port_taken", message: "x" } as const;
  await service.apply(aNamedSnapshot(), { ...allUp, failures: [failure] });
  expect(await ask(name)).toBe("NXDOMAIN");
  await service.apply(aNamedSnapshot(), { ...allUp, coming: [endpointId] });
  expect(await ask(name)).toBe("NXDOMAIN");
  await service.apply(aNamedSnapshot(), allUp);
  expect(await ask(name)).toBe('NOERROR "127.80.0.2"');
  await service.apply(aNamedSnapshot(8, { refusal: "service_closed" }), allUp);
  expect(await ask(name)).toBe("NXDOMAIN");
  await service.apply(aNamedSnapshot(9), allUp);
  for (const [isHealthy, said] of [
    [false, "NXDOMAIN"],
    [null, "SERVFAIL"],
    [true, 'NOERROR "127.80.0.2"'],
  ] as const) {
    state.isHealthy = isHealthy;
    expect(await ask(name)).toBe(said);
  }
});

test("a network that is gone is not served any more, and one whose address is another there", async () => {
  const { service } = start();
  await service.apply(aNamedSnapshot(), allUp);
  const moved = { zone: "postern.internal", resolvers: [{ vpcId, address: "127.80.0.11" }] };
  await service.apply({ ...aNamedSnapshot(8), dns: moved }, allUp);
  expect(await ask(name, "127.80.0.11")).toBe('NOERROR "127.80.0.2"');
  // Both are free again.
  for (const at of [address, otherAddress]) await (await hold(at, port))();
});

describe("where a port is taken", () => {
  test("the next one serves", async () => {
    const second = await freePort(address);
    onTestFinished(await hold(address, port));
    const { service, state } = start({ ports: [port, second] });
    await service.apply(aNamedSnapshot(), allUp);
    expect(await ask(name, address, second)).toBe('NOERROR "127.80.0.2"');
    expect(await ask(nameOf(otherEndpointId), otherAddress)).toBe('NOERROR "127.81.0.2"');
    expect(state.warnings).toEqual([]);
  });

  test("and no other is left, other networks are served, it is said once, and tried again", async () => {
    const release = await hold(address, port);
    const { service, state } = start();
    await service.apply(aNamedSnapshot(), allUp);
    await service.apply(aNamedSnapshot(8), allUp);
    expect(await ask(nameOf(otherEndpointId), otherAddress)).toBe('NOERROR "127.81.0.2"');
    expect(state.warnings).toMatchObject([{ network: vpcId, address }]);
    await release();
    await service.apply(aNamedSnapshot(9), allUp);
    expect(await ask(name)).toBe('NOERROR "127.80.0.2"');
  });
});

test("networks that the kernel carries are served where their engine says, and sockets are made anew with an interface", async () => {
  const opened: KernelResolver[] = [];
  const { service, state } = start({
    open: (place) => {
      opened.push(place);
      throw new Error(`no socket at ${place.device}`);
    },
  });
  const kernel = {
    id: otherVpcId,
    number: 4,
    attachment: { kind: "interface", device: "eth1" },
    cidrs: [],
  } as const;
  const snapshot: Snapshot = {
    ...aNamedSnapshot(),
    dns: { zone: "postern.internal", resolvers: [{ vpcId, address }] },
    networks: [{ ...kernel, resolver: "10.0.0.3" }],
  };
  await service.apply(snapshot, allUp);
  expect(opened).toEqual([]);
  const place = { vpcId: otherVpcId, address: "10.0.0.3", device: "eth1", deviceIndex: 3, mark: 4 };
  await service.apply(snapshot, { ...allUp, resolvers: [place] });
  expect(opened).toEqual([place]);
  expect(state.warnings).toMatchObject([{ network: otherVpcId, problem: "no socket at eth1" }]);
  expect(await ask(name)).toBe('NOERROR "127.80.0.2"');
});

test("a server that tells nothing of names leaves nobody listening", async () => {
  const { service } = start();
  await service.apply(aNamedSnapshot(), allUp);
  const { dns: _none, ...old } = aNamedSnapshot(8);
  await service.apply(old, allUp);
  await (
    await hold(address, port)
  )();
  expect(aNamedSnapshot().services[0]?.id).toBe(serviceId);
});
