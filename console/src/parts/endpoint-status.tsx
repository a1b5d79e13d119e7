import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { EndpointStatus } from "../api/wire.ts";
import { texts } from "../texts/en.ts";

export const statusTypes: Readonly<Record<EndpointStatus, StatusIndicatorProps.Type>> = {
  creating: "in-progress",
  pendingAcceptance: "pending",
  accepted: "success",
  rejected: "stopped",
  failed: "error",
};

/** The state of an endpoint, as a sign and a word. */
export function EndpointStatusIndicator({ status }: { readonly status: EndpointStatus }) {
  return <StatusIndicator type={statusTypes[status]}>{texts.endpoints.statuses[status]}</StatusIndicator>;
}
