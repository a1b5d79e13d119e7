import { expect, test } from "vitest";
import type { ClusterId } from "../../domain/ids.ts";
import type { Ipv4 } from "../../lib/ipv4.ts";
import { aCluster, aVpc } from "../../domain/test-fixtures.ts";
import { AddressSet } from "../../lib/special-address.ts";
import { TestClock } from "../../lib/test-clock.ts";
import { insertBasics } from "../../store/test-basics.ts";
import { openTestStore } from "../../store/test-store.ts";
import { TargetGuard } from "./target-guard.ts";

const audit = { actor: "a", action: "b", resource: "c" };

async function start(allowed: readonly string[], names: Readonly<Record<string, readonly string[]>> = {}) {
  const clock = new TestClock();
  const store = await openTestStore(undefined, clock);
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    const nodes = [
      { host: "8.8.4.4", port: 9200 },
      { host: "Node.Example.com", port: 9200 },
    ].map((node, n) => ({ ...node, id: `${n}` as never }));
    await tx.clusters.insert(aCluster({ id: "c2" as ClusterId, name: "public", nodes }));
    const vpc = aVpc({
      id: "v2" as never,
      name: "wide",
      number: 2,
      cidr: "9.9.0.0/16",
      cidr6: "2a00:1::/64",
    });
    await tx.networks.insertVpc({ ...vpc, dnsAddress: "5.5.5.5" as Ipv4 });
  });
  const lookUp = async (name: string): Promise<readonly string[]> => {
    const found = names[name];
    if (!found) throw Object.assign(new Error("not found"), { code: "ENOTFOUND" });
    return Promise.resolve(found);
  };
  return { clock, store, guard: new TargetGuard(store, clock, new AddressSet(allowed), lookUp) };
}

test.each([
  ["http://127.0.0.1/", "loopback"],
  ["http://2130706433/", "loopback"],
  ["http://0x7f.1/", "loopback"],
  ["http://0177.0.0.1/", "loopback"],
  ["http://[::1]/", "loopback"],
  ["http://[::ffff:127.0.0.1]/", "loopback"],
  ["http://[64:ff9b::10.0.0.5]/", "private"],
  ["http://0.0.0.0/", "unspecified"],
  ["http://[::]/", "unspecified"],
  ["http://10.0.0.5:9200/", "private"],
  ["http://192.168.0.1/", "private"],
  ["http://[fd00::1]/", "private"],
  ["http://169.254.169.254/latest/meta-data/", "link-local"],
  ["http://[fe80::1]/", "link-local"],
  ["http://224.0.0.1/", "multicast"],
  ["http://[ff02::1]/", "multicast"],
  ["http://8.8.4.4/", "kept from webhooks"],
  ["http://9.9.1.2/", "kept from webhooks"],
  ["http://[2a00:1::7]/", "kept from webhooks"],
  ["http://5.5.5.5/", "kept from webhooks"],
  ["https://node.example.com/", "kept from webhooks"],
  ["https://node.example.com./", "kept from webhooks"],
  ["https://inside.test/", "inside.test (10.1.2.3) is a private"],
  ["https://mixed.test/", "mixed.test (127.0.0.2) is a loopback"],
  ["https://odd.test/", "no address to connect to"],
  ["https://empty.test/", "has no address"],
  ["https://nowhere.test/", "ENOTFOUND"],
  ["ftp://1.1.1.1/", "no http or https URL"],
  ["file:///etc/passwd", "no http or https URL"],
  ["https://user:pw@1.1.1.1/", "user name or a password"],
  ["https://1.1.1.1/#x", "fragment"],
  ["http://1.1.1.1:0/", "port 0"],
  ["nonsense", "no http or https URL"],
  [`https://1.1.1.1/${"x".repeat(2_048)}`, "no http or https URL"],
])("%s is refused", async (url, why) => {
  const { guard } = await start([], {
    "inside.test": ["10.1.2.3"],
    "mixed.test": ["1.1.1.1", "127.0.0.2"],
    "odd.test": ["fe80::1%eth0"],
    "empty.test": [],
    "node.example.com": ["1.1.1.1"],
  });
  await expect(guard.addressOf(url)).rejects.toMatchObject({ kind: "bad_parameter" });
  await expect(guard.addressOf(url)).rejects.toThrow(why);
});

test("public hosts may be reached, at the address that was looked at", async () => {
  const { guard } = await start([], { "hooks.test": ["1.1.1.1", "2606:4700::1111"] });
  expect((await guard.addressOf("https://hooks.test/a")).address).toBe("1.1.1.1");
  expect((await guard.addressOf("http://[2606:4700::1111]:8080/")).address).toBe("2606:4700::1111");
});

test("what is allowed may be reached, and nothing beside it", async () => {
  const { guard } = await start(["127.0.0.0/8", "9.9.0.0/16"], { "mixed.test": ["127.0.0.1", "10.0.0.1"] });
  expect((await guard.addressOf("http://127.0.0.1:8080/")).address).toBe("127.0.0.1");
  expect((await guard.addressOf("http://[::ffff:127.0.0.1]/")).address).toBe("127.0.0.1");
  expect((await guard.addressOf("http://9.9.9.9/")).address).toBe("9.9.9.9");
  await expect(guard.addressOf("http://mixed.test/")).rejects.toThrow("10.0.0.1");
});

test("a network that is made later is refused from a second later on", async () => {
  const { guard, store, clock } = await start([]);
  expect((await guard.addressOf("http://7.7.7.7/")).address).toBe("7.7.7.7");
  await store.write(audit, (tx) =>
    tx.networks.insertVpc(aVpc({ id: "v3" as never, name: "late", number: 3, cidr: "7.7.0.0/16" })),
  );
  clock.advance(1_000);
  await expect(guard.addressOf("http://7.7.7.7/")).rejects.toThrow("kept from webhooks");
});
