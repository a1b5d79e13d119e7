import { expect, test } from "vitest";
import { PosternError } from "../domain/errors.ts";
import { aCluster } from "../domain/test-fixtures.ts";
import { checkIfMatch, clusterEtag, etagMatches } from "./etag.ts";

test("an ETag is quoted and differs from version to version", () => {
  expect(clusterEtag(aCluster({ version: 7 }))).toBe('"7"');
});

test.each([
  ['"7"', true],
  ['"6", "7"', true],
  ['"6","7" ', true],
  ["*", true],
  ['"6"', false],
  ["7", false],
  ['"77"', false],
  ['W/"7"', false],
  ["", false],
])('the list %s holds "7": %s', (list, expected) => {
  expect(etagMatches(list, '"7"')).toBe(expected);
});

test("If-Match passes where it holds or is not there", () => {
  expect(() => checkIfMatch(undefined, '"7"')).not.toThrow();
  expect(() => checkIfMatch('"7"', '"7"')).not.toThrow();
  expect(() => checkIfMatch('"6"', '"7"')).toThrow(PosternError);
});
