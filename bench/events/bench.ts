import { get, type IncomingMessage } from "node:http";
import { startNode, System } from "../api/system.ts";
import { Children } from "../proxy/children.ts";
import { median, type Bench } from "../result.ts";

const followers = [1, 20] as const;
const decisions = 500;
const atOnce = 4;

interface Told {
  readonly id: number;
  readonly timestamp: string;
}

/** Clients that follow events, each over a connection of its own, and how late each event came to each. */
class Followers {
  readonly latenciesMs: number[] = [];
  readonly #responses: IncomingMessage[] = [];

  async add(system: System): Promise<void> {
    const headers = { accept: "text/event-stream", "x-auth-token": system.admin.token };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(system.url("/postern/v1/{pid}/events"), { headers, agent: false }, resolve).once("error", reject);
    });
    this.#responses.push(response);
    let rest = "";
    response.setEncoding("utf8").on("data", (text: string) => {
      const now = performance.timeOrigin + performance.now();
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines)
        if (line.startsWith("data: ")) this.#note(JSON.parse(line.slice(6)) as Told, now);
    });
    response.on("error", () => undefined);
  }

  close(): void {
    for (const response of this.#responses) response.destroy();
  }

  /** The time is taken before the commit, in whole milliseconds: what is measured is longer than what is promised. */
  #note({ timestamp }: Told, now: number): void {
    this.latenciesMs.push(now - Date.parse(timestamp));
  }
}

/** From before an event's commit to its arrival at clients that follow, while decisions are made as fast as they are answered. */
export const benchEvents: Bench = async (progress) => {
  const children = await Children.create();
  const node = await startNode();
  try {
    const system = await System.start(children, "data");
    const service = `/v1.0/{pid}/clusters/${await system.register("events", node.url)}/vpcepservice`;
    await system.call("POST", `${service}/open`, {});
    const listed = JSON.parse(await system.call("GET", `${service}/connections`)) as {
      vpcServiceName: string;
    };
    const ids = await Promise.all(
      Array.from({ length: atOnce }, async () => {
        const made = await system.call("POST", "/postern/v1/{pid}/endpoints", {
          service: listed.vpcServiceName,
        });
        return (JSON.parse(made) as { id: string }).id;
      }),
    );
    const found = new Map<number, readonly number[]>();
    for (const many of followers) {
      progress(`${decisions} decisions, ${atOnce} at once, clients that follow: ${many}`);
      found.set(
        many,
        await follow(system, many, () =>
          Promise.all(ids.map((id) => decide(system, `${service}/connections`, id, decisions / atOnce))),
        ),
      );
    }
    return report(found);
  } finally {
    node.server.close();
    await children.end();
  }
};

async function decide(system: System, path: string, id: string, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1)
    await system.enforced("POST", path, {
      action: n % 2 === 0 ? "reject" : "receive",
      endpoint_id_list: [id],
    });
}

/** Returns how late, in milliseconds, each event of some work came to each of so many clients. */
async function follow(
  system: System,
  many: number,
  work: () => Promise<unknown>,
): Promise<readonly number[]> {
  const clients = new Followers();
  try {
    for (let n = 0; n < many; n += 1) await clients.add(system);
    await work();
    return clients.latenciesMs;
  } finally {
    clients.close();
  }
}

function report(found: ReadonlyMap<number, readonly number[]>) {
  const ms: Record<string, number> = {};
  const rows: string[][] = [];
  for (const [many, latenciesMs] of found) {
    const sorted = latenciesMs.toSorted((a, b) => a - b);
    const [p50, p99] = [median(sorted), sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN];
    rows.push([String(many), ...[p50, p99, sorted.at(-1) ?? Number.NaN].map((of) => of.toFixed(1))]);
    ms[`event_to_client_of_${many}`] = Number(p50.toFixed(1));
    ms[`event_to_client_of_${many}_p99`] = Number(p99.toFixed(1));
  }
  return {
    tables: [
      {
        title: "Events, milliseconds from before the commit to a client",
        header: ["clients", "p50", "p99", "most"],
        rows,
      },
    ],
    notes: [],
    ratios: {},
    ms,
    bytes: {},
  };
}
