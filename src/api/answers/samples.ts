import { figures } from "./endpoint.ts";
import { count, orNull, text, time } from "./parts.ts";
import { Type } from "../type-builder.ts";

export const throughputAnswer = Type.Object({
  interval_seconds: count,
  /** When the first turn began. */
  from: time,
  /** Without those that carried nothing. */
  connections: Type.Array(
    Type.Object(
      {
        endpoint: text,
        /** Of each turn, both directions together; null where there is no sample. */
        bytes: Type.Array(orNull(count)),
      },
      { title: "ConnectionThroughput" },
    ),
  ),
  total_count: count,
});

export const samplesAnswer = Type.Object(
  {
    interval_seconds: count,
    /** Oldest first; a turn without a sample is left out. All but `sessions` is of the time since the turn before. */
    samples: Type.Array(Type.Object({ at: time, ...figures, refusals: count }, { title: "Sample" })),
  },
  { title: "Samples" },
);
