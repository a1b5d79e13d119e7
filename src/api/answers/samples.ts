import { Type } from "typebox";
import { figures } from "./endpoint.ts";
import { count, time } from "./parts.ts";

export const samplesAnswer = Type.Object(
  {
    interval_seconds: count,
    /** Oldest first; a turn without a sample is left out. All but `sessions` is of the time since the turn before. */
    samples: Type.Array(Type.Object({ at: time, ...figures, refusals: count }, { title: "Sample" })),
  },
  { title: "Samples" },
);
