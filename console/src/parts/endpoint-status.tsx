import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Endpoint } from "../api/generated.ts";
import { texts } from "../texts/en.ts";

type Status = Endpoint["status"];

const statusTypes: Readonly<Record<Status, StatusIndicatorProps.Type>> = {
  creating: "in-progress",
  pendingAcceptance: "pending",
  accepted: "success",
  rejected: "stopped",
  failed: "error",
};

/** The state of an endpoint, as a sign and a word. */
export function EndpointStatusIndicator({ status }: { readonly status: Status }) {
  return <StatusIndicator type={statusTypes[status]}>{texts.endpoints.statuses[status]}</StatusIndicator>;
}
