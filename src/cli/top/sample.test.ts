import { expect, test } from "vitest";
import { addSample, rowsOf } from "./sample.ts";
import { anEndpoint } from "./test-endpoint.ts";

const sample = (at: number, ...endpoints: ReturnType<typeof anEndpoint>[]) => ({ at, endpoints });

test("rates are those between the oldest sample and the newest", () => {
  const before = anEndpoint(1, { refusals: { session_cap: 4, not_accepted: 1 } });
  const middle = anEndpoint(1, { new_sessions: 999 });
  const now = anEndpoint(1, {
    new_sessions: 10,
    bytes_in: 4_000,
    bytes_out: 20_000,
    refusals: { session_cap: 6, not_accepted: 1, service_closed: 20 },
  });
  const [row] = rowsOf([sample(1_000, before), sample(2_000, middle), sample(3_000, now)]);
  expect(row).toEqual({
    endpoint: now,
    rates: {
      newSessions: 5,
      bytesIn: 2_000,
      bytesOut: 10_000,
      refusals: [
        ["service_closed", 10],
        ["session_cap", 1],
      ],
    },
  });
});

test("of an endpoint that was seen once, or twice in no time, there are none", () => {
  expect(rowsOf([])).toEqual([]);
  const rows = rowsOf([sample(1, anEndpoint(1)), sample(1, anEndpoint(1), anEndpoint(2))]);
  expect(rows.map(({ rates }) => rates)).toEqual([undefined, undefined]);
});

test("where counters began anew nothing is negative", () => {
  const rows = rowsOf([sample(0, anEndpoint(1, { bytes_in: 9 })), sample(1_000, anEndpoint(1))]);
  expect(rows[0]?.rates).toMatchObject({ bytesIn: 0 });
});

test("four samples are kept", () => {
  const samples = [1, 2, 3, 4, 5].reduce<ReturnType<typeof addSample>>(
    (all, at) => addSample(all, sample(at)),
    [],
  );
  expect(samples.map(({ at }) => at)).toEqual([2, 3, 4, 5]);
});
