import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import { memo, useId, useMemo, useState } from "react";
import { useLastHour } from "../api/use-samples.ts";
import { texts } from "../texts/en.ts";
import { hourOf, quantities, type Hour, type Quantity } from "./chart/last-hour.ts";
import { formatOr, LineChart, timeOfDay } from "./chart/line-chart.tsx";
import { Empty } from "./empty.tsx";
import { Failure } from "./failure.tsx";
import { formatNumber, formatRate } from "./format.ts";
import { Loading } from "./loading.tsx";

interface LastHourProps {
  readonly of: "clusters" | "endpoints";
  readonly id: string;
}

const t = texts.lastHour;
const charts: readonly (readonly Quantity[])[] = [
  ["sessions"],
  ["newSessions"],
  ["bytesIn", "bytesOut"],
  ["refusals"],
];
const formats: Readonly<Record<Quantity, (value: number) => string>> = {
  sessions: formatNumber,
  newSessions: formatNumber,
  bytesIn: formatRate,
  bytesOut: formatRate,
  refusals: formatNumber,
};
/** Rows of the table are a minute apart. */
const turnsARow = 4;

/** Charts of what a cluster or an endpoint has carried in the last hour. */
export function LastHour({ of, id }: LastHourProps) {
  const { data, error, refetch } = useLastHour(of, id);
  const hour = useMemo(() => data && hourOf(data), [data]);
  return (
    <Container header={<Header variant="h2">{t.title}</Header>}>
      {error ? <Failure error={error} onRetry={() => void refetch()} /> : null}
      {hour ? <Charts hour={hour} /> : data ? <Empty title={t.empty}>{t.emptyHint}</Empty> : null}
      {data || error ? null : <Loading />}
    </Container>
  );
}

function Charts({ hour }: { readonly hour: Hour }) {
  const [turn, setTurn] = useState<number>();
  const { times, values } = hour;
  const newest = times.length - 1;
  const scrubber = useId();
  const said = t.at(
    timeOfDay(times[turn ?? newest] ?? 0),
    quantities.map((name) => `${t.names[name]} ${formatOr(values[name][turn ?? newest], formats[name])}`),
  );
  return (
    <>
      <div className="charts">
        {charts.map((names) => (
          <LineChart
            key={names[0]}
            title={t.charts[names[0] as keyof typeof t.charts]}
            times={times}
            lines={names.map((name) => ({ name: t.names[name], values: values[name] }))}
            format={formats[names[0] ?? "sessions"]}
            turn={turn}
            onPoint={setTurn}
          />
        ))}
      </div>
      <label className="chart-scrubber" htmlFor={scrubber}>
        {t.scrubber(timeOfDay(times[turn ?? newest] ?? 0))}
        <input
          id={scrubber}
          type="range"
          min={0}
          max={newest}
          value={turn ?? newest}
          aria-valuetext={said}
          onChange={({ target }) => setTurn(Number(target.value))}
          onBlur={() => setTurn(undefined)}
        />
      </label>
      <ExpandableSection headerText={t.table}>
        <HourTable hour={hour} />
      </ExpandableSection>
    </>
  );
}

const HourTable = memo(function HourTable({ hour: { times, values } }: { readonly hour: Hour }) {
  const newest = times.length - 1;
  const turns = times.flatMap((_, turn) => ((newest - turn) % turnsARow === 0 ? [turn] : [])).toReversed();
  return (
    <table className="chart-table">
      <caption className="for-screen-readers">{t.title}</caption>
      <thead>
        <tr>
          <th scope="col">{t.time}</th>
          {quantities.map((name) => (
            <th key={name} scope="col">
              {t.names[name]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {turns.map((turn) => (
          <tr key={turn}>
            <th scope="row">{timeOfDay(times[turn] ?? 0)}</th>
            {quantities.map((name) => (
              <td key={name}>{formatOr(values[name][turn], formats[name])}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
});
