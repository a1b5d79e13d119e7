import { expect, test } from "vitest";
import { refusal, startTestServer } from "../test-server.ts";

test("an operator gets the archive as a stream of bytes, and it is on record that he did", async () => {
  const server = await startTestServer();
  const operator = await server.tenant("operator", true);
  const { generation } = server.store;
  const answer = await operator.call("POST", "/postern/v1/backups");
  expect([answer.status, answer.text]).toEqual([200, "an archive"]);
  expect(answer.headers).toMatchObject({
    "content-type": "application/x-tar",
    "content-disposition": 'attachment; filename="postern-2026-01-02T03-04-05-678Z.tar"',
    "x-postern-revision": "7",
    "cache-control": "no-store",
  });
  expect(server.store.generation).toBe(generation + 1);
});

test("nobody else does, also not an administrator, and a rehearsal makes none", async () => {
  const server = await startTestServer();
  const [operator, tenant] = [await server.tenant("operator", true), await server.tenant("tenant")];
  expect(refusal(await tenant.call("POST", "/postern/v1/backups"))).toBe("403 CSS.5045");
  expect(refusal(await tenant.call("GET", "/postern/v1/check"))).toBe("403 CSS.5045");
  const dry = { "x-postern-dry-run": "true" };
  expect((await operator.call("POST", "/postern/v1/backups", undefined, dry)).body["dry_run"]).toBe(true);
  expect(server.maintenance.backups).toBe(0);
});

test("a check tells what it found, and over how much", async () => {
  const server = await startTestServer();
  const operator = await server.tenant("operator", true);
  const finding = { where: "endpoint/e", what: "It is wrong.", next: "Mend it." };
  server.maintenance.report = { revision: 9, rows: 12, findings: [finding], total: 1 };
  const { body } = await operator.call("GET", "/postern/v1/check");
  expect(body).toEqual({ revision: 9, rows_checked: 12, findings: [finding], total_count: 1 });
});
