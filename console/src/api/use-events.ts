import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  createElement,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";
import { useLocation } from "react-router";
import { useSession } from "../session/session-context.tsx";
import { EventFeed, type FeedState } from "./event-feed.ts";
import { FigureHistory, type Sample } from "./figures.ts";
import { gathered } from "./gathered.ts";
import { nodeFigures } from "./node-figures.ts";
import { queryKeysOf } from "./query-keys.ts";
import { RefetchGate } from "./refetch-gate.ts";
import { activityKey, takeEvent } from "./take-event.ts";
import { takeNodes } from "./take-nodes.ts";

/** Many events come together, such as when a whitelist rejects a hundred endpoints: they are one refetch. */
const gatherMs = 300;
/** While they go on coming, refetches are so far apart. */
const pauseMs = 1_000;
const settleMs = 5_000;
/** Nothing is asked for more often. */
export const leastIntervalMs = 10_000;
/** The stream does not tell of everything: another's new cap, description or attachment is seen within a minute. */
const liveIntervalMs = 60_000;

export interface Events {
  readonly state: FeedState;
  readonly history: FigureHistory;
  readonly gate: RefetchGate;
}

const EventsContext = createContext<Events | null>(null);

/** What the event stream of the project says. @throws Error outside of the provider */
export function useEvents(): Events {
  const events = useContext(EventsContext);
  if (!events) throw new Error("No event stream is followed here.");
  return events;
}

/** The last samples of an endpoint, oldest first, as they come. */
export function useSamples(endpoint: string): readonly Sample[] {
  const { history } = useEvents();
  return useSyncExternalStore(history.subscribe, () => history.of(endpoint));
}

/** How often a query whose answer the stream keeps up to date is asked again, in milliseconds. */
export function useRefreshInterval(): number {
  return useEvents().state.kind === "live" ? liveIntervalMs : leastIntervalMs;
}

/** Follows the events of the project once for all pages, and has the queries asked again that they concern. */
export function EventsProvider({ children }: { readonly children: ReactNode }) {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const [history] = useState(() => new FigureHistory());
  const [state, setState] = useState<FeedState>({ kind: "connecting" });
  const [gate] = useState(() => new RefetchGate());
  const { pathname } = useLocation();
  useEffect(() => gate.arriveAt(pathname), [gate, pathname]);
  useEffect(() => {
    const end = new AbortController();
    const invalidate = gathered(
      (queryKey) => void queries.invalidateQueries({ queryKey, refetchType: gate.refetchType }),
      gatherMs,
      pauseMs,
    );
    const feed = new EventFeed(api, `${own}/events`, {
      onState: setState,
      onEvent: (event) => {
        if (!takeEvent(queries, event)) invalidate([activityKey]);
        invalidate(queryKeysOf(event));
      },
      onFigures: (figures) => history.record(figures, Date.now()),
      onNodes: (nodes) => {
        invalidate(takeNodes(queries, nodes));
        history.record(nodes.flatMap(nodeFigures), Date.now());
      },
      onReset: () => invalidate([[]]),
    });
    void feed.follow(end.signal);
    const timer = setInterval(() => history.settle(Date.now()), settleMs);
    return () => {
      clearInterval(timer);
      end.abort();
    };
  }, [api, own, queries, history, gate]);
  const value = useMemo(() => ({ state, history, gate }), [state, history, gate]);
  return createElement(EventsContext, { value }, children);
}
