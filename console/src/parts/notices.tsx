import Flashbar from "@cloudscape-design/components/flashbar";
import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import { useLocation, useNavigate } from "react-router";
import { useEvents } from "../api/use-events.ts";
import { texts } from "../texts/en.ts";
import { OutcomeText, type Outcome } from "./outcome.tsx";

/** What a page that is gone leaves to the one that it leads to. */
export interface Farewell {
  readonly outcome: Outcome;
}

/**
 * Above every page: that what it shows is not live any more, and what became of the one that was left. Nothing as long as
 * all is well.
 */
export function Notices() {
  const items = [...useStale(), ...useFarewell()];
  return items.length > 0 ? <Flashbar items={items} /> : null;
}

function useStale(): readonly FlashbarProps.MessageDefinition[] {
  const { state } = useEvents();
  if (state.kind !== "stale") return [];
  const time = new Date(state.since).toLocaleTimeString();
  const content = texts.live.stale(time);
  return [{ id: "stale", type: "in-progress", loading: true, content, ariaRole: "status" }];
}

function useFarewell(): readonly FlashbarProps.MessageDefinition[] {
  const location = useLocation();
  const navigate = useNavigate();
  const { outcome } = (location.state ?? {}) as Partial<Farewell>;
  if (!outcome) return [];
  return [
    {
      id: "farewell",
      type: outcome.isEnforced ? "success" : "warning",
      header: outcome.done,
      content: <OutcomeText outcome={outcome} />,
      ariaRole: "status",
      dismissible: true,
      dismissLabel: texts.change.dismiss,
      onDismiss: () => void navigate(location.pathname, { replace: true }),
    },
  ];
}
