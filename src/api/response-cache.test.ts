import { expect, test } from "vitest";
import type { OperationReply } from "./operation.ts";
import { ResponseCache } from "./response-cache.ts";

/** A cache over a store's generation that the test moves. */
function cacheAt(start: number) {
  const state = { generation: start, rendered: 0 };
  const cache = new ResponseCache(() => state.generation);
  const get = (key: string, size = 1): OperationReply | Promise<OperationReply> =>
    cache.get(key, () => {
      state.rendered += 1;
      const body = `${key}${state.rendered}`.padEnd(size, "é");
      return Promise.resolve({ headers: { etag: '"1"' }, body });
    });
  return { state, cache, get };
}

test("an answer is rendered once until the next commit", async () => {
  const { state, get } = cacheAt(5);
  expect(await get("a")).toEqual({ headers: { etag: '"1"' }, body: "a1" });
  expect(await get("a")).toMatchObject({ body: "a1" });
  expect(await get("b")).toMatchObject({ body: "b2" });
  state.generation += 1;
  expect(await get("a")).toMatchObject({ body: "a3" });
  expect(state.rendered).toBe(3);
});

test("an answer that is kept is there at once", async () => {
  const { get } = cacheAt(5);
  expect(get("a")).toBeInstanceOf(Promise);
  await get("b");
  expect(get("b")).not.toBeInstanceOf(Promise);
});

test("a long answer is encoded once, and says the same", async () => {
  const { get } = cacheAt(5);
  const { body } = await get("a", 20_000);
  expect(Buffer.isBuffer(body) && body.toString()).toBe("a1".padEnd(20_000, "é"));
  expect((await get("a", 20_000)).body).toBe(body);
});

test("an answer that a commit overtook is given, but not kept", async () => {
  const { state, cache, get } = cacheAt(5);
  const overtaken = await cache.get("a", () => {
    state.generation += 1;
    return Promise.resolve({ body: "old" });
  });
  expect(overtaken).toMatchObject({ body: "old" });
  expect(await get("a")).toMatchObject({ body: "a1" });
});

test("what is no text is given, but not kept", async () => {
  const { cache, get } = cacheAt(5);
  expect(await cache.get("a", () => Promise.resolve({ body: { n: 1 } }))).toEqual({ body: { n: 1 } });
  expect(await get("a")).toMatchObject({ body: "a1" });
});

test("a failure is not kept", async () => {
  const { cache, get } = cacheAt(5);
  const failing = cache.get("a", () => Promise.reject(new Error("not found")));
  await expect(failing).rejects.toThrow("not found");
  expect(await get("a")).toMatchObject({ body: "a1" });
});

test("when the bodies together grow too large, it starts over", async () => {
  const { state, get } = cacheAt(5);
  const mebibyte = 1024 * 1024;
  for (let n = 0; n < 40; n += 1) await get(`k${n}`, mebibyte);
  await get("k39", mebibyte);
  expect(state.rendered).toBe(40);
  await get("k0", mebibyte);
  expect(state.rendered).toBe(41);
});
