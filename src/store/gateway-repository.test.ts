import { expect, test } from "vitest";
import type { GatewayId } from "../domain/ids.ts";
import { gatewayId, uuid } from "../domain/test-fixtures.ts";
import { openTestStore } from "./test-store.ts";

const local = { id: gatewayId, name: "local", tokenHash: "h", lastSeenAt: null };

test("a gateway comes back as it went in; token and time change alone", async () => {
  const { gateways } = await openTestStore();
  const other = { id: uuid(60) as GatewayId, name: "edge", tokenHash: "h2", lastSeenAt: 5 };
  await gateways.insert(local);
  await gateways.insert(other);
  expect(await gateways.find(gatewayId)).toEqual(local);
  expect(await gateways.findByName("local")).toEqual(local);
  expect(await gateways.findByName("nobody")).toBeUndefined();
  await gateways.setTokenHash(gatewayId, "new");
  await gateways.setLastSeen(gatewayId, 9);
  expect(await gateways.list()).toEqual([other, { ...local, tokenHash: "new", lastSeenAt: 9 }]);
});
