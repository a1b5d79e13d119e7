import { expect, test } from "vitest";
import { refusalReasons } from "../../../domain/refusal.ts";
import { missing, TestNamespace } from "../test-network.ts";
import { rulesetText, rulesetVersion } from "./ruleset.ts";
import {
  kernelName,
  refusalChain,
  refusalCounter,
  setNames,
  sets,
  tableFamily,
  tableName,
} from "./schema.ts";

const text = rulesetText();
/** Of the text, what lies between a table's braces. */
const tables = Object.fromEntries(
  text
    .split(/^table /m)
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf(" ")), part]),
);

test("there are Postern's own tables and no others, and nothing is flushed or deleted", () => {
  expect([...text.matchAll(/^table (\w+) (\w+)/gm)].map(([, family, name]) => [family, name])).toEqual(
    Object.keys(tableFamily).map((family) => [family, tableName]),
  );
  expect(text).not.toMatch(/flush|delete|replace/);
  expect(text).toContain(`set version_${rulesetVersion} `);
});

test.each(setNames)("%s is declared once, as set or map, without elements, with its state", (name) => {
  const { family, data, state, interval, size } = {
    data: undefined,
    state: undefined,
    interval: undefined,
    size: undefined,
    ...sets[name],
  };
  const found = [
    ...(tables[family] ?? "").matchAll(new RegExp(`^  (set|map) ${kernelName(name)} (.*)$`, "gm")),
  ];
  expect(found).toHaveLength(1);
  const [, kind, body = ""] = found[0] ?? [];
  expect(kind).toBe(data === undefined ? "set" : "map");
  expect(body).not.toContain("elements");
  expect(body.includes("flags interval")).toBe(interval === true);
  expect(/ size (\d+);/.exec(body)?.[1]).toBe(size?.toString());
  const words = {
    counter: "counter;",
    cap: "ct count",
    credit: "1/day",
    "packet rate": "packets;",
    "byte rate": "bytes;",
    "newcomer rate": "128/hour",
  };
  expect(body).toContain(state === undefined ? "typeof" : words[state]);
});

test("every set that a rule looks something up in is declared in its table", () => {
  for (const [family, body] of Object.entries(tables)) {
    const declared = new Set(setNames.filter((name) => sets[name].family === family).map(kernelName));
    for (const [, used = ""] of body.matchAll(/@(\w+)/g)) expect(declared).toContain(used);
  }
});

test.each(refusalReasons)(
  "%s has a chain that counts and resets, and resets where there is no room to count",
  (reason) => {
    const place = refusalReasons.indexOf(reason);
    const body = new RegExp(`chain ${refusalChain(reason)} \\{\\n(.*?)\\n  \\}`, "s").exec(text)?.[1];
    expect(body?.trim().split(/\s*\n\s*/)).toEqual([
      `meta priority set ${place} jump note_source`,
      `add @${refusalCounter(reason)} { ct mark } reject with tcp reset`,
      "reject with tcp reset",
    ]);
  },
);

test("chains that are jumped to exist", () => {
  const chains = new Set([...text.matchAll(/^\s*chain (\w+)/gm)].map(([, name]) => name));
  for (const [, target] of text.matchAll(/(?:goto|jump) (\w+)/g)) expect(chains).toContain(target);
});

test("base chains accept what is none of Postern's, and touch only packets of its interfaces", () => {
  for (const [, body = ""] of text.matchAll(/chain \w+ \{ type [^;]+; (policy [^}]*)\}/g)) {
    const [policy, ...rules] = body.trim().split(/\s*\n\s*/);
    expect(policy).toBe("policy accept;");
    for (const rule of rules)
      expect(rule).toMatch(
        /_of_interface|_of_endpoint|^meta mark & 0x|^ct state established,related,untracked accept$/,
      );
  }
});

test.skipIf(missing)(`nft accepts it, alone and beside other tables (${missing ?? "root"})`, async () => {
  const namespace = await TestNamespace.create();
  try {
    namespace.run("nft -c -f -", text);
    namespace.run("nft -f -", `table inet other { chain x { accept; }; }\n${text}`);
    expect(namespace.run("nft list tables").trim().split("\n")).toEqual([
      "table inet other",
      `table inet ${tableName}`,
      `table arp ${tableName}`,
    ]);
  } finally {
    await namespace.close();
  }
});
