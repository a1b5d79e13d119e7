import { nodeAnswer } from "./cluster.ts";
import { figures, refusalCounts } from "./endpoint.ts";
import { text } from "./parts.ts";
import { Type } from "../type-builder.ts";

/** Data of a message `figures` of the event stream: endpoints whose figures changed. */
export const figuresMessage = Type.Object(
  {
    endpoints: Type.Array(
      Type.Object({ endpoint: text, ...figures, refusals: refusalCounts }, { title: "LiveFigures" }),
    ),
  },
  { title: "FiguresMessage" },
);

/** Data of a message `nodes`: those of the project's own clusters that changed. */
export const nodesMessage = Type.Object(
  { nodes: Type.Array(Type.Object({ cluster: text, ...nodeAnswer.properties }, { title: "LiveNode" })) },
  { title: "NodesMessage" },
);
