import { expect, test } from "vitest";
import { RevisionRequests } from "./revision-requests.ts";

test("the requests after a revision are told, oldest first, and revisions without one are left out", () => {
  const requests = new RevisionRequests();
  requests.note(1, "a");
  requests.note(2, undefined);
  requests.note(3, "c");
  requests.note(4, "d");
  expect(requests.between(0, 3)).toEqual(["a", "c"]);
  expect(requests.between(1, 4)).toEqual(["c", "d"]);
  expect(requests.between(4, 4)).toEqual([]);
});

test("no more than the newest 32 are told, and 1,000 remembered", () => {
  const requests = new RevisionRequests();
  for (let revision = 1; revision <= 1_100; revision += 1) requests.note(revision, String(revision));
  expect(requests.between(0, 1_100)).toEqual(Array.from({ length: 32 }, (_, n) => String(1_069 + n)));
  expect(requests.between(90, 100)).toEqual([]);
  expect(requests.between(90, 101)).toEqual(["101"]);
});
