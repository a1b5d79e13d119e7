import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import type { HappenedEvent } from "./generated.ts";
import { activityKey, mostEvents, takeEvent } from "./take-event.ts";

const event = (id: number): HappenedEvent => ({
  id,
  type: "node.up",
  timestamp: "2026-01-01T00:00:00Z",
  project_id: "project",
  resource: "node/1",
  data: {},
});
const shown = (queries: QueryClient): readonly number[] | undefined =>
  queries.getQueryData<readonly HappenedEvent[]>(activityKey)?.map(({ id }) => id);

test("an event comes before those that are shown, once, and the oldest goes", () => {
  const queries = new QueryClient();
  expect([takeEvent(queries, event(1)), shown(queries)]).toEqual([true, undefined]);
  queries.setQueryData(activityKey, [event(2), event(1)]);
  expect(takeEvent(queries, event(3))).toBe(true);
  takeEvent(queries, event(3));
  expect(shown(queries)).toEqual([3, 2, 1]);
  queries.setQueryData(
    activityKey,
    Array.from({ length: mostEvents }, (_, n) => event(mostEvents - n)),
  );
  takeEvent(queries, event(mostEvents + 1));
  expect(shown(queries)?.length).toBe(mostEvents);
  expect(shown(queries)?.at(-1)).toBe(2);
});

test("while the list is being read it has to be read again", async () => {
  const queries = new QueryClient();
  const answer = Promise.withResolvers<readonly HappenedEvent[]>();
  const reading = queries.fetchQuery({ queryKey: activityKey, queryFn: () => answer.promise });
  expect(takeEvent(queries, event(2))).toBe(false);
  answer.resolve([event(1)]);
  await reading;
  expect(takeEvent(queries, event(2))).toBe(true);
});
