import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccountId } from "./ids.ts";
import { isWhitelisted, parsePermission, permissionOf } from "./whitelist.ts";

const account = fc.stringMatching(/^[A-Za-z0-9]{1,64}$/).map((text) => text as AccountId);

describe("an entry", () => {
  test("is an account id, bare or with the prefix, and is kept with it", () => {
    fc.assert(
      fc.property(account, (id) => {
        expect(parsePermission(id)).toBe(`iam:domain::${id}`);
        expect(parsePermission(`iam:domain::${id}`)).toBe(`iam:domain::${id}`);
        expect(permissionOf(id)).toBe(`iam:domain::${id}`);
      }),
    );
  });

  test("for everyone is the star as it was sent, with the prefix or without", () => {
    expect(parsePermission("*")).toBe("*");
    expect(parsePermission("iam:domain::*")).toBe("iam:domain::*");
  });

  test.each([
    "",
    "iam:domain::",
    "iam:domain::iam:domain::abc",
    "a b",
    "abc\n",
    " abc",
    "**",
    "*abc",
    "a*",
    "iam:user::abc",
    "a-b",
    "é",
    "x".repeat(65),
  ])("%j is none", (entry) => {
    expect(parsePermission(entry)).toBeUndefined();
  });

  test("that is taken is a star or a plain account, whatever was sent", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `iam:domain::${text}`),
        ),
        (entry) => {
          expect(parsePermission(entry) ?? "*").toMatch(/^(?:\*|iam:domain::(?:\*|[A-Za-z0-9]{1,64}))$/);
        },
      ),
    );
  });
});

describe("admission", () => {
  test("the owner, those on the list, and with a star everyone: nobody else", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(account, fc.constant("*"), fc.constant("iam:domain::*"))),
        account,
        account,
        (entries, owner, guest) => {
          const permissions = entries.map((entry) => parsePermission(entry) ?? "");
          expect(isWhitelisted(permissions, owner, owner)).toBe(true);
          const isNamed =
            entries.includes(guest) || entries.some((entry) => entry.endsWith("*")) || guest === owner;
          expect(isWhitelisted(permissions, owner, guest)).toBe(isNamed);
          expect(isWhitelisted([...permissions, permissionOf(guest)], owner, guest)).toBe(true);
        },
      ),
    );
  });

  test("an empty list admits the owner alone, and ids are compared by letter case", () => {
    expect(isWhitelisted([], "a" as AccountId, "b" as AccountId)).toBe(false);
    expect(isWhitelisted(["iam:domain::B"], "a" as AccountId, "b" as AccountId)).toBe(false);
  });
});
