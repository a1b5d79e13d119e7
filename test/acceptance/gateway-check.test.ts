import { expect, test } from "vitest";
import { runCli } from "../support/postern.ts";

type Checks = {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly fix?: string }[];
};

test("postern gateway --check tells for people and for programs what this host lacks", async () => {
  const forPrograms = await runCli(["gateway", "--check", "--json"], process.env);
  const { ok, checks }: Checks = JSON.parse(forPrograms.stdout);
  expect(forPrograms.code).toBe(ok ? 0 : 1);
  expect(ok).toBe(checks.every((check) => check.ok));
  for (const check of checks) expect(check.fix === undefined).toBe(check.ok);

  const forPeople = await runCli(["gateway", "--check"], process.env);
  expect(forPeople.code).toBe(forPrograms.code);
  for (const text of checks.flatMap(({ name, fix }) => [name, fix ?? name])) {
    expect(forPeople.stdout).toContain(text);
  }
});
