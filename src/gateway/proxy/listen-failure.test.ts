import { expect, test } from "vitest";
import { listenFailure } from "./listen-failure.ts";

test.each([
  ["EADDRINUSE", "port_taken"],
  ["EADDRNOTAVAIL", "address_unavailable"],
  ["EMFILE", "limit"],
  ["ENFILE", "limit"],
  ["EACCES", "internal"],
])("%s is reported as %s, with address and port", (systemCode, code) => {
  const key = { slot: 4, address: "127.1.2.3", port: 9200 };
  const failure = listenFailure(key, Object.assign(new Error("listen failed"), { code: systemCode }));
  expect(failure).toMatchObject({ ...key, code });
  expect(failure.message).toContain("127.1.2.3 port 9200");
});
