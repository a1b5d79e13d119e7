import type { Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { Direction } from "./direction.ts";
import { ReadBuffers } from "./read-buffers.ts";

/** A target whose kernel takes `takes` chunks at once, and the others when the test says so. */
class SlowTarget extends Writable {
  readonly held: (() => void)[] = [];
  readonly taken: string[] = [];
  #takes: number;

  constructor(takes: number) {
    super();
    this.#takes = takes;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = (): void => {
      this.taken.push(chunk.toString());
      done();
    };
    if (this.#takes-- > 0) take();
    else this.held.push(take);
  }
}

test("a write that is reported late does not free a later chunk that is still in flight", async () => {
  const buffers = new ReadBuffers();
  let counted = 0;
  const direction = new Direction(buffers, (bytes) => (counted += bytes));
  const source = new Readable({ read: () => undefined });
  const target = new SlowTarget(1);
  direction.join(source as Socket, target as unknown as Socket);
  const memory = buffers.small;
  const say = (text: string): boolean => direction.onread.callback(memory.write(text), memory);

  // Both in one turn: the first one's report comes when the second one is in flight.
  expect([say("first"), say("second")]).toEqual([true, false]);
  await new Promise((resolve) => setImmediate(resolve));
  expect([buffers.inFlightBytes, source.readableFlowing]).toEqual([6, null]);

  memory.fill("x");
  target.held.forEach((take) => take());
  await new Promise((resolve) => setImmediate(resolve));
  expect(target.taken).toEqual(["first", "second"]);
  expect([buffers.inFlightBytes, source.readableFlowing, counted]).toEqual([0, true, 11]);
  expect(direction.movedBytes).toBe(11);
});
