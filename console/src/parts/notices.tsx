import Flashbar from "@cloudscape-design/components/flashbar";
import { useEvents } from "../api/use-events.ts";
import { texts } from "../texts/en.ts";

/** Says when what the pages show is not live any more. Says nothing as long as all is well. */
export function LiveState() {
  const { state } = useEvents();
  if (state.kind !== "stale") return null;
  const time = new Date(state.since).toLocaleTimeString();
  return (
    <Flashbar
      items={[
        {
          id: "stale",
          type: "in-progress",
          loading: true,
          content: texts.live.stale(time),
          ariaRole: "status",
        },
      ]}
    />
  );
}
