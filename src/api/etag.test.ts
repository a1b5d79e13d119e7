import { describe, expect, test } from "vitest";
import { PosternError } from "../domain/errors.ts";
import { aCluster } from "../domain/test-fixtures.ts";
import { checkIfMatch, clusterEtag, etagMatches, liveReply } from "./etag.ts";

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

describe("an answer with live figures", () => {
  const cluster = aCluster({ version: 7 });
  const etagOf = (content: object) => liveReply(cluster, content).headers?.["etag"] ?? "";

  test("has an ETag that tells its bodies apart, and is the same for the same one", () => {
    expect(etagOf({ sessions: 1 })).not.toBe(etagOf({ sessions: 2 }));
    expect(etagOf({ sessions: 1 })).toBe(etagOf({ sessions: 1 }));
    expect(liveReply(cluster, { sessions: 1 }).body).toBe('{"sessions":1}');
  });

  test("lets a writer through who has seen the last change, whatever the figures are by now", () => {
    const seen = etagOf({ sessions: 1 });
    expect(() => checkIfMatch(seen, clusterEtag(cluster))).not.toThrow();
    expect(() => checkIfMatch(`"1", ${seen}`, clusterEtag(cluster))).not.toThrow();
    expect(() => checkIfMatch(seen, clusterEtag(aCluster({ version: 8 })))).toThrow(PosternError);
    expect(() => checkIfMatch('"7.x"', clusterEtag(cluster))).toThrow(PosternError);
  });
});
