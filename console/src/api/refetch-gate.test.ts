import { expect, test } from "vitest";
import { RefetchGate } from "./refetch-gate.ts";

test("nothing is asked for again from the moment that it is closed until the page is left", () => {
  const gate = new RefetchGate();
  gate.arriveAt("/clusters/a");
  expect(gate.refetchType).toBe("active");
  gate.close();
  gate.arriveAt("/clusters/a");
  expect(gate.refetchType).toBe("none");
  gate.arriveAt("/clusters");
  expect(gate.refetchType).toBe("active");
});

test("what failed opens it again", () => {
  const gate = new RefetchGate();
  gate.close();
  gate.open();
  expect(gate.refetchType).toBe("active");
});
