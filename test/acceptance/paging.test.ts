import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Caller } from "../support/service.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";
import { anError } from "../support/wire.ts";

/** With the owner's own that opening makes. */
const count = 1_040;

let node: SearchNode;
let postern: Postern;
let consumer: Tenant;
let service: Service;
let name: string;
let vpcepPath: string;

beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  consumer = await createTenant(postern, "consumer");
  service = await Service.open(postern, "logs", [node]);
  ok(await service.whitelist(postern.admin.account_id, consumer.admin.account_id));
  name = await service.name();
  vpcepPath = `/v1/{pid}/vpc-endpoint-services/${name.split(".").at(-1)}`;
  await atOnce(count - 1, 32, async (index) => {
    await createEndpoint(index % 3 === 0 ? consumer : postern, name);
  });
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

/** Does something `times` times, `width` of them at the same moment. */
async function atOnce(times: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  const queue = Array.from({ length: times }, (_, index) => index).values();
  const run = async (): Promise<void> => {
    for (const index of queue) await work(index);
  };
  await Promise.all(Array.from({ length: width }, run));
}

type Item = { readonly id: string; readonly created_at: string };
type Page = {
  readonly items: readonly Item[];
  readonly total: number;
  readonly etag: string;
  readonly text: string;
};

/** A list that has pages. */
type List = { readonly path: () => string; readonly key: string; readonly mostOffset: number };
const cssList: List = { path: () => service.path("connections"), key: "connections", mostOffset: 1_000 };
const lists: readonly (readonly [string, List])[] = [
  ["the cluster's connections", cssList],
  [
    "the connections with live figures",
    {
      path: () => `/postern/v1/{pid}/clusters/${service.clusterId}/connections`,
      key: "connections",
      mostOffset: 1_000_000,
    },
  ],
  [
    "the service's connections",
    { path: () => `${vpcepPath}/connections`, key: "connections", mostOffset: 1_000_000 },
  ],
];

/** One page, byte for byte. */
async function read(
  list: List,
  offset: number,
  limit: number,
  who: Postern | Tenant = postern,
): Promise<Page> {
  const path = list.path().replaceAll("{pid}", who.admin.project_id);
  const answer = await fetch(new URL(`${path}?offset=${offset}&limit=${limit}`, postern.endpoint), {
    headers: { "X-Auth-Token": who.admin.token },
  });
  const text = await answer.text();
  if (answer.status !== 200)
    throw new Error(`${path} offset ${offset} limit ${limit}: ${answer.status} ${text}`);
  const body = JSON.parse(text) as Record<string, unknown>;
  return {
    items: body[list.key] as Item[],
    total: Number(body["total_count"]),
    etag: answer.headers.get("etag") ?? "",
    text,
  };
}

async function whole(list: List, who?: Postern | Tenant): Promise<Item[]> {
  const [first, second] = [await read(list, 0, 1_000, who), await read(list, 1_000, 1_000, who)];
  return [...first.items, ...second.items];
}

const idsOf = (items: readonly Item[]): string[] => items.map(({ id }) => id);
const isNewestFirst = (items: readonly Item[]): boolean =>
  items.every((item, at) => at === 0 || item.created_at <= (items[at - 1]?.created_at ?? ""));

describe.each(lists)("%s", (_what, list) => {
  test("are listed whole, newest first, each once, in the same order everywhere", async () => {
    const all = await whole(list);
    expect(all).toHaveLength(count);
    expect(new Set(idsOf(all)).size).toBe(count);
    expect(isNewestFirst(all)).toBe(true);
    expect(idsOf(all)).toEqual(idsOf(await whole(cssList)));
  });

  test.each([7, 100, 1_000])("are the same in pages of %i", async (limit) => {
    const all = idsOf(await whole(list));
    const joined: string[] = [];
    const last = Math.min(count - 1, list.mostOffset);
    for (let offset = 0; offset <= last; offset += limit) {
      const page = await read(list, offset, limit);
      expect(page.total).toBe(count);
      joined.push(...idsOf(page.items));
    }
    expect(joined).toEqual(all.slice(0, joined.length));
    expect(joined.length).toBeGreaterThan(last - limit);
  });

  test("are the same one by one", async () => {
    const all = idsOf(await whole(list));
    const step = 9;
    await atOnce(Math.floor(1_000 / step), 4, async (index) => {
      const { items, total } = await read(list, index * step, 1);
      expect([total, ...idsOf(items)]).toEqual([count, all[index * step]]);
    });
  });

  test("end where they end", async () => {
    const all = idsOf(await whole(list));
    for (const offset of [count - 1, count, count + 1, 1_000_000, 1_000].filter(
      (at) => at <= list.mostOffset,
    )) {
      const { items, total } = await read(list, offset, 1_000);
      expect([total, ...idsOf(items)]).toEqual([count, ...all.slice(offset)]);
    }
    await expect(read(list, list.mostOffset + 1, 1)).rejects.toThrow(/ 400 .*offset/);
  });
});

test("a consumer's own endpoints have pages too", async () => {
  const mine: List = { path: () => "/v1/{pid}/vpc-endpoints", key: "endpoints", mostOffset: 1_000_000 };
  const all = await whole(mine, consumer);
  expect(isNewestFirst(all)).toBe(true);
  const owned = new Set(idsOf(all));
  expect(idsOf(all)).toEqual(idsOf(await whole(cssList)).filter((id) => owned.has(id)));
  const joined: string[] = [];
  for (let offset = 0; offset < all.length; offset += 100) {
    const page = await read(mine, offset, 100, consumer);
    expect(page.total).toBe(all.length);
    joined.push(...idsOf(page.items));
  }
  expect(joined).toEqual(idsOf(all));
});

async function sorted(direction: "asc" | "desc"): Promise<Item[]> {
  const path = `${vpcepPath}/connections?limit=1000&sort_key=created_at&sort_dir=${direction}`;
  return ok(await postern.api<{ connections: Item[] }>("GET", path)).connections;
}

test("the service's connections can be turned round", async () => {
  const [newest, oldest] = [await sorted("desc"), await sorted("asc")];
  expect(isNewestFirst(newest)).toBe(true);
  expect(isNewestFirst(oldest.toReversed())).toBe(true);
  expect(oldest[0]?.created_at).toBe((await whole(cssList)).at(-1)?.created_at);
});

/** Writers of every kind, each for so many rounds, on connections that the readers do not count on. */
async function churn(rounds: number, churned: readonly string[]): Promise<void> {
  const owner = async (): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const id = churned[round % churned.length] ?? "";
      ok(await service.decide(round % 2 === 0 ? "reject" : "receive", id));
      ok(await service.setCap(id, 1 + round));
    }
  };
  const comer = async (who: Caller): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const { id } = await createEndpoint(who, name);
      ok(await who.api("DELETE", `/postern/v1/{pid}/endpoints/${id}`));
    }
  };
  await Promise.all([owner(), comer(postern), comer(consumer)]);
}

test("pages hold together while others write", async () => {
  const all = idsOf(await whole(cssList));
  const steady = new Set(all);
  const over = new AbortController();
  const writers = churn(12, all.slice(0, 20)).finally(() => over.abort());
  /** What each ETag of each page was the name of. */
  const bodies = new Map<string, string>();
  const etags = new Set<string>();
  const readers = [0, 1, 2].map(async (reader) => {
    for (let round = 0; !over.signal.aborted || round < 5; round += 1) {
      const list = lists[(reader + round) % lists.length]?.[1] ?? cssList;
      const [offset, limit] = round % 2 === 0 ? [0, 1_000] : [(round * 37) % 1_000, 1 + (round % 50)];
      const page = await read(list, offset, limit);
      const ids = idsOf(page.items);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toHaveLength(Math.min(limit, page.total - offset));
      expect(isNewestFirst(page.items)).toBe(true);
      expect(page.total - count).toBeOneOf([0, 1, 2]);
      // Whoever stays all the time keeps his place among those who stay.
      const stayed = ids.filter((id) => steady.has(id));
      const from = all.indexOf(stayed[0] ?? "");
      expect(stayed).toEqual(all.slice(from, from + stayed.length));
      const key = `${list.path()} ${offset} ${limit} ${page.etag}`;
      expect(bodies.get(key) ?? page.text).toBe(page.text);
      bodies.set(key, page.text);
      etags.add(page.etag);
    }
  });
  await Promise.all([writers, ...readers]);
  expect(etags.size).toBeGreaterThan(10);
  expect(idsOf(await whole(cssList))).toEqual(all);
});

const get = async (path: string, headers: Record<string, string> = {}) =>
  await postern.api("GET", path, undefined, headers);

/** Every kind of write that changes what a reader sees; each can be repeated. */
const writes: readonly (readonly [
  string,
  (ifMatch: Record<string, string>) => Promise<{ status: number; body: unknown }>,
])[] = [
  [
    "a rejection",
    (headers) =>
      send("POST", service.path("connections"), { action: "reject", endpoint_id_list: [someId] }, headers),
  ],
  [
    "an acceptance",
    (headers) =>
      send("POST", `${vpcepPath}/connections/action`, { action: "receive", endpoints: [someId] }, headers),
  ],
  [
    "a note",
    (headers) =>
      send(
        "PUT",
        `${vpcepPath}/connections/description`,
        { connections: [{ id: someId, description: `note ${(written += 1)}` }] },
        headers,
      ),
  ],
  [
    "a cap",
    (headers) =>
      send(
        "PUT",
        `/postern/v1/{pid}/clusters/${service.clusterId}/connections/${someId}`,
        { max_session: (written += 1) },
        headers,
      ),
  ],
  [
    "a whitelist",
    (headers) => {
      const permissions = [postern.admin.account_id, consumer.admin.account_id, `guest${(written += 1)}`];
      return send("POST", service.path("permissions"), { vpc_permissions: permissions }, headers);
    },
  ],
  [
    "a permission",
    (headers) =>
      send(
        "POST",
        `${vpcepPath}/permissions/action`,
        { action: "add", permissions: [`iam:domain::guest${(written += 1)}`] },
        headers,
      ),
  ],
];
let written = 0;
let someId = "";
const send = (method: string, path: string, body: unknown, headers: Record<string, string>) =>
  postern.api(method, path, body, headers);
const seen = async (): Promise<string> => JSON.stringify((await get(`${cssList.path()}?limit=1000`)).body);
const etagOf = async (path = cssList.path()): Promise<string> => (await get(path)).headers.get("etag") ?? "";

describe("ETags", () => {
  beforeAll(async () => {
    someId = (await whole(cssList))[3]?.id ?? "";
  });

  test.each(writes)(
    "after %s are new, on every list, and a writer with the old one changes nothing",
    async (_what, write) => {
      const before = await Promise.all(lists.map(([, list]) => etagOf(list.path())));
      ok((await write({ "If-Match": before[0] ?? "" })) as never);
      const page = await seen();
      for (const [index, [, list]] of lists.entries()) {
        const changed = await get(list.path(), { "If-None-Match": before[index] ?? "" });
        expect(changed.status).toBe(200);
        expect(changed.headers.get("etag")).not.toBe(before[index]);
      }
      for (const stale of before) {
        const refused = await write({ "If-Match": stale });
        expect(refused.status).toBe(412);
      }
      expect(await seen()).toBe(page);
      const same = await get(cssList.path(), { "If-None-Match": await etagOf() });
      expect(same).toMatchObject({ status: 304, body: "" });
    },
  );

  test("let exactly one of many writers through who all saw the same", async () => {
    for (let round = 0; round < 5; round += 1) {
      const etag = await etagOf();
      const contenders = writes.filter(([what]) => !/rejection|acceptance/.test(what));
      const racers = Array.from({ length: 3 }, () => contenders).flat();
      const answers = await Promise.all(racers.map(([, write]) => write({ "If-Match": etag })));
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      expect(statuses).toEqual([200, ...Array.from({ length: racers.length - 1 }, () => 412)]);
    }
  });

  test("show the winner's words, and the losers get the published code", async () => {
    const etag = await etagOf();
    const guests = Array.from({ length: 12 }, (_, index) => `racer${index}`);
    const answers = await Promise.all(
      guests.map((guest) =>
        send("POST", service.path("permissions"), { vpc_permissions: [guest] }, { "If-Match": etag }),
      ),
    );
    const winner = guests.filter((_guest, index) => answers[index]?.status === 200);
    expect(winner).toHaveLength(1);
    const { permissions } = await service.connections();
    expect(permissions.map(({ permission }) => permission)).toContain(`iam:domain::${winner[0]}`);
    expect(permissions.filter(({ permission }) => permission.includes("racer"))).toHaveLength(1);
    const loser = answers.find(({ status }) => status !== 200);
    expect(loser?.body).toEqual(anError("CSS.5090", /has changed/));
  });
});
