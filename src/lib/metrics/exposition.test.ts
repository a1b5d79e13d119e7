import { expect, test } from "vitest";
import { Exposition } from "./exposition.ts";

async function* say(text: string): AsyncGenerator<string, void> {
  yield await Promise.resolve(text);
}

function textOf(pieces: readonly Buffer[]): string {
  return Buffer.concat(pieces).toString();
}

test("who asks while it is written gets the same; who asks later, what is true then", async () => {
  let asked = 0;
  const exposition = new Exposition([() => say(`count ${(asked += 1)}\n`), () => say("Ω\n")]);
  const [one, other] = await Promise.all([exposition.render(), exposition.render()]);
  expect(textOf(one)).toBe("count 1\nΩ\n");
  expect(other).toBe(one);
  expect(textOf(await exposition.render())).toBe("count 2\nΩ\n");
});

test("what fails once is tried again", async () => {
  let isBroken = true;
  const exposition = new Exposition([() => (isBroken ? failing() : say("well"))]);
  await expect(exposition.render()).rejects.toThrow("broken on purpose");
  isBroken = false;
  expect(textOf(await exposition.render())).toBe("well");
});

// oxlint-disable-next-line require-yield -- it ends before it says a thing
async function* failing(): AsyncGenerator<string, void> {
  await Promise.resolve();
  throw new Error("broken on purpose");
}
