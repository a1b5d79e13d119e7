import { beforeEach, describe, expect, test } from "vitest";
import type { GatewayId } from "../domain/ids.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { aCluster, anEndpoint, aService, gatewayId, uuid, namePlace } from "../domain/test-fixtures.ts";
import type { SqlStore } from "../store/sql-store.ts";
import { insertBasics } from "../store/test-basics.ts";
import { openTestStore } from "../store/test-store.ts";
import { SnapshotFeed, type KnownSnapshot, type RenderedSnapshot } from "./snapshot-feed.ts";

const audit = { actor: "a", action: "b", resource: "c" };
const forever = new AbortController().signal;
/** Longer than any test: who waits so long was not woken. */
const endlessMs = 60_000;

let store: SqlStore;
let feed: SnapshotFeed;

beforeEach(async () => {
  store = await openTestStore();
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    await tx.endpoints.insert(anEndpoint());
  });
  feed = new SnapshotFeed(store, { ...namePlace, lineage: "here" }, (sealed) => `open(${sealed})`);
});

function read(rendered: RenderedSnapshot | undefined): Snapshot {
  return JSON.parse(rendered?.text ?? "null") as Snapshot;
}

function known(revision: number, lineage: string | undefined = "here"): KnownSnapshot {
  return { revision, lineage };
}

test("who knows nothing, or another revision, gets the whole state at once", async () => {
  for (const has of [null, known(0), known(99)]) {
    const snapshot = read(await feed.next(gatewayId, has, endlessMs, forever));
    expect(snapshot).toMatchObject({
      format: 1,
      gatewayId,
      region: "region-1",
      revision: 1,
      lineage: "here",
    });
    expect(snapshot.endpoints).toHaveLength(1);
  }
});

test("who knows this revision of another lineage gets it at once; who does not tell is believed", async () => {
  for (const lineage of ["elsewhere", ""]) {
    const snapshot = await feed.next(gatewayId, known(1, lineage), endlessMs, forever);
    expect(read(snapshot)).toMatchObject({ revision: 1, lineage: "here" });
  }
  expect(await feed.next(gatewayId, { revision: 1, lineage: undefined }, 0, forever)).toBeUndefined();
});

test("each gateway's carries its own id", async () => {
  const other = uuid(61) as GatewayId;
  expect(read(await feed.next(gatewayId, null, 0, forever)).gatewayId).toBe(gatewayId);
  expect(read(await feed.next(other, null, 0, forever)).gatewayId).toBe(other);
});

test("sealed passwords are opened for the gateway", async () => {
  await store.write(audit, async (tx) => {
    await tx.clusters.delete(aCluster().id);
    await tx.clusters.insert(aCluster({ username: "u", sealedPassword: "s" }));
    await tx.services.insert(aService());
    await tx.endpoints.insert(anEndpoint());
  });
  const snapshot = read(await feed.next(gatewayId, null, 0, forever));
  expect(snapshot.services).toMatchObject([{ healthCheck: { authorization: `Basic ${btoa("u:open(s)")}` } }]);
});

describe("who knows the present revision", () => {
  test("gets nothing when nothing comes in time", async () => {
    expect(await feed.next(gatewayId, known(1), 10, forever)).toBeUndefined();
    expect(await feed.next(gatewayId, known(1), 0, forever)).toBeUndefined();
  });

  test("gets the next one as soon as it is written, with the write in it", async () => {
    const waiting = [
      feed.next(gatewayId, known(1), endlessMs, forever),
      feed.next(gatewayId, known(1), endlessMs, forever),
    ];
    await store.write(audit, (tx) => tx.services.update(aService({ enabled: false })));
    for (const next of await Promise.all(waiting)) {
      expect(read(next)).toMatchObject({ revision: 2, endpoints: [{ refusal: "service_closed" }] });
    }
  });

  test("is not woken by what leaves the desired state as it is", async () => {
    const controller = new AbortController();
    const waiting = feed.next(gatewayId, known(1), endlessMs, controller.signal);
    await store.observe((tx) => tx.endpoints.setPhase(anEndpoint().id, "failed", null));
    controller.abort();
    expect(await waiting).toBeUndefined();
  });

  test("gets nothing once he is gone, also when he was gone before", async () => {
    const controller = new AbortController();
    const waiting = feed.next(gatewayId, known(1), endlessMs, controller.signal);
    controller.abort();
    expect(await waiting).toBeUndefined();
    expect(await feed.next(gatewayId, known(1), endlessMs, controller.signal)).toBeUndefined();
  });
});

test("writes that come while a snapshot is made are in the next one", async () => {
  let has: KnownSnapshot | null = null;
  const writes = (async () => {
    for (let n = 0; n < 30; n += 1) {
      await store.write(audit, (tx) =>
        tx.endpoints.setCaps(anEndpoint().id, { ...anEndpoint(), maxSession: n + 1 }, n),
      );
    }
  })();
  while (has?.revision !== 31) {
    const snapshot = read(await feed.next(gatewayId, has, endlessMs, forever));
    // Write n makes revision n + 1 and sets the cap n: a snapshot never mixes two revisions.
    const [endpoint] = snapshot.endpoints;
    const cap = snapshot.revision === 1 ? 3000 : snapshot.revision - 1;
    expect(endpoint?.maxSession).toBe(cap);
    has = known(snapshot.revision);
  }
  await writes;
});
