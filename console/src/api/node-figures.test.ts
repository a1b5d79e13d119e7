import { expect, test } from "vitest";
import { nodeFigures } from "./node-figures.ts";

test("a node has figures where its gateways count what it carries", () => {
  const told = {
    cluster: "c",
    id: "n",
    url: "http://10.0.0.1:9200",
    state: "serving" as const,
    healthy: true,
    detail: "HTTP 200",
    sessions: 1,
  };
  expect(nodeFigures(told)).toEqual([]);
  const counted = { new_sessions: 3, bytes_in: 10, bytes_out: 100 };
  expect(nodeFigures({ ...told, ...counted })).toEqual([{ endpoint: "n", sessions: 1, ...counted }]);
});
