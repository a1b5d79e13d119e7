import { describe, expect, onTestFinished, test } from "vitest";
import { endpointAddress, endpointAddress6, endpointPort, labElements, startLab } from "../test-lab.ts";
import { missing, until } from "../test-network.ts";
import { closedText, openedText } from "./closing.ts";
import { rulesetText } from "./ruleset.ts";
import { tableName } from "./schema.ts";

test("nothing is closed where no network is carried, and no name is taken for a rule", () => {
  expect(closedText([])).toBe("");
  expect(closedText(['"; }', "a b", "sixteen-letters!"])).toBe("");
  expect(closedText(["eth0.7", "a b"])).toContain('elements = { "eth0.7" }');
});

/** What a consumer says as soon as it is connected. */
const lineBytes = 5;
const reason = missing === undefined ? "" : ` (skipped: ${missing})`;
describe.skipIf(missing !== undefined)(`tables that are replaced${reason}`, () => {
  test.each([
    ["IPv4", endpointAddress],
    ["IPv6", endpointAddress6],
  ])("reset no session while they are empty, and let nothing pass: %s", async (_family, address) => {
    const lab = await startLab();
    onTestFinished(() => lab.close());
    const { gateway, tables, consumer, node } = lab;
    await consumer.connect(address, endpointPort, 1);
    await until("the consumer's line", () => node.state.received === lineBytes);
    gateway.run(
      "nft -f -",
      'table inet watch { chain seen { type filter hook prerouting priority -320; iifname "vpc" counter; }\n }',
    );
    const removal = ["inet", "arp"].map((family) => `delete table ${family} ${tableName}\n`).join("");
    gateway.run("nft -f -", removal + rulesetText() + closedText(["vpc"]));
    consumer.tell({ kind: "send", bytes: 500 });
    const seen = (): number =>
      Number(/counter packets (\d+)/.exec(gateway.run("nft list chain inet watch seen"))?.[1]);
    // Once, and once more because nobody has said a thing.
    await until("two segments of the consumer's", () => seen() > 1);
    expect([consumer.state.reset, node.state.reset, node.state.received]).toEqual([0, 0, lineBytes]);
    tables.apply(labElements(1));
    expect(node.state.received).toBe(lineBytes);
    gateway.run("nft -f -", openedText);
    await until("what the consumer has sent", () => node.state.received === lineBytes + 500);
    expect([consumer.state.reset, node.state.reset]).toEqual([0, 0]);
    expect(gateway.run("nft list ruleset")).not.toContain("closed_");
  });
});
