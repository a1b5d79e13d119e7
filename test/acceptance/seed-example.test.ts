import { afterAll, beforeAll, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { publishedListing } from "../support/published-listing.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";

/**
 * The text of an answer with every id, account, time and address replaced by its kind and a number: the same value
 * gets the same number wherever it stands, so who owns what is still compared.
 */
function neutral(answer: unknown): unknown {
  const kinds: readonly [string, RegExp][] = [
    ["id", /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g],
    ["account", /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g],
    ["time", /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g],
    ["address", /\d{1,3}(?:\.\d{1,3}){3}/g],
  ];
  let text = JSON.stringify(answer);
  for (const [kind, pattern] of kinds) {
    const seen: string[] = [];
    text = text.replaceAll(pattern, (value) => {
      // Two things may be made within one second: times are compared by their form only.
      if (kind === "time") return kind;
      if (!seen.includes(value)) seen.push(value);
      return `${kind}-${seen.indexOf(value) + 1}`;
    });
  }
  return JSON.parse(text);
}

let postern: Postern;
let node: SearchNode;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern({ args: ["--region", "cn-north-4"] });
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

test("the published example's state gives the published example's answer, key for key", async () => {
  const service = await Service.open(postern, "css-op-no-delete", [node]);
  const [older] = (await service.connections()).connections;
  const newer = await createEndpoint(postern, await service.name());

  const answer = ok(await postern.api("GET", service.path("connections")));

  // The one difference. The page says in words that the switch is true while the endpoint service is enabled, and
  // shows false in its example, of a service with two accepted connections. The words decide: true while enabled.
  const expected = { ...JSON.parse(publishedListing), vpcepUpdateSwitch: true };
  expect(neutral(answer)).toEqual(neutral(expected));
  // The page lists the newest connection first.
  expect(answer).toMatchObject({ connections: [{ id: newer.id }, { id: older?.id }] });
});
