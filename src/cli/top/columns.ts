import { amountText } from "../../lib/amount-text.ts";
import { durationText } from "../../lib/duration-text.ts";
import { addressText } from "../address-text.ts";
import type { Session } from "../wire.ts";
import type { EndpointRow } from "./sample.ts";

/** One column of a table: what it shows, and what its rows are sorted by. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Text sorts upwards at first, numbers downwards. */
  readonly key: (row: Row) => string | number;
}

const barCells = 8;
const barSteps = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

export const endpointColumns: readonly Column<EndpointRow>[] = [
  { title: "ENDPOINT", text: ({ endpoint }) => endpoint.id, key: ({ endpoint }) => endpoint.id },
  {
    title: "ADDRESS",
    text: ({ endpoint: { ip, port } }) => addressText({ ip, port }),
    key: ({ endpoint }) => endpoint.ip,
  },
  { title: "STATUS", text: ({ endpoint }) => endpoint.status, key: ({ endpoint }) => endpoint.status },
  {
    title: "SESSIONS",
    text: ({ endpoint: { sessions, max_session: most } }) =>
      `${bar(sessions / Math.max(1, most))} ${sessions}/${most}`,
    key: ({ endpoint }) => endpoint.sessions,
  },
  rateColumn("NEW/S", ({ rates }) => rates?.newSessions),
  rateColumn("IN/S", ({ rates }) => rates?.bytesIn),
  rateColumn("OUT/S", ({ rates }) => rates?.bytesOut),
  {
    title: "REFUSED/S",
    text: ({ rates }) =>
      rates ? rates.refusals.map(([reason, rate]) => `${reason} ${amountText(rate)}`).join(", ") || "0" : "-",
    key: ({ rates }) => (rates?.refusals ?? []).reduce((sum, [, rate]) => sum + rate, 0),
  },
];

export const sessionColumns: readonly Column<Session>[] = [
  { title: "SESSION", text: ({ id }) => id, key: ({ id }) => id },
  { title: "NODE", text: ({ node }) => node ?? "-", key: ({ node }) => node ?? "" },
  { title: "STATE", text: ({ state }) => state, key: ({ state }) => state },
  secondsColumn("AGE", (session) => session.age_seconds),
  secondsColumn("IDLE", (session) => session.idle_seconds),
  { title: "BYTES IN", text: (session) => amountText(session.bytes_in), key: (session) => session.bytes_in },
  {
    title: "BYTES OUT",
    text: (session) => amountText(session.bytes_out),
    key: (session) => session.bytes_out,
  },
];

function rateColumn(title: string, rate: (row: EndpointRow) => number | undefined): Column<EndpointRow> {
  return { title, text: (row) => known(rate(row), amountText), key: (row) => rate(row) ?? -1 };
}

function secondsColumn(title: string, seconds: (row: Session) => number | undefined): Column<Session> {
  return { title, text: (row) => known(seconds(row), durationText), key: (row) => seconds(row) ?? -1 };
}

function known(amount: number | undefined, render: (amount: number) => string): string {
  return amount === undefined ? "-" : render(amount);
}

/** @param share from 0 to 1; anything above looks full */
function bar(share: number): string {
  const eighths = Math.min(barCells * 8, Math.ceil(share * barCells * 8));
  const full = "█".repeat(Math.floor(eighths / 8));
  return `${full}${barSteps[eighths % 8] ?? ""}`.padEnd(barCells, "·");
}
