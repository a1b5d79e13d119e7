import type { PointerEvent } from "react";
import { quarterTurns, roundTop, runsOf } from "./last-hour.ts";

export interface Line {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

interface LineChartProps {
  readonly title: string;
  readonly times: readonly number[];
  /** One or two. */
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The turn that is read; the newest where nobody points at one. */
  readonly turn: number | undefined;
  readonly onPoint: (turn: number | undefined) => void;
}

const [width, height, left, top, bottom] = [440, 130, 62, 8, 18] as const;
const plotHeight = height - top - bottom;

/** What a quantity was in the last hour, with its value at the time that is pointed at. */
export function LineChart({ title, times, lines, format, turn, onPoint }: LineChartProps) {
  const highest = roundTop(lines.flatMap(({ values }) => values));
  const x = (at: number): number => left + (at * (width - left)) / Math.max(1, times.length - 1);
  const y = (value: number): number => top + plotHeight * (1 - value / highest);
  const point = ({ clientX, currentTarget }: PointerEvent<SVGSVGElement>): void => {
    const box = currentTarget.getBoundingClientRect();
    const share = (((clientX - box.left) / box.width) * width - left) / (width - left);
    onPoint(Math.min(times.length - 1, Math.max(0, Math.round(share * (times.length - 1)))));
  };
  const read = turn ?? times.length - 1;
  return (
    <figure className="chart">
      <figcaption>
        <strong>{title}</strong>
        {lines.map(({ name, values }, n) => (
          <span key={name} className={`chart-value chart-line-${n}`}>
            {lines.length > 1 ? `${name} ` : ""}
            {formatOr(values[read], format)}
          </span>
        ))}
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        aria-hidden="true"
        onPointerMove={point}
        onPointerLeave={() => onPoint(undefined)}
      >
        {[0, highest / 2, highest].map((value) => (
          <g key={value}>
            <line className="chart-grid" x1={left} x2={width} y1={y(value)} y2={y(value)} />
            <text x={left - 6} y={y(value) + 4} textAnchor="end">
              {format(value)}
            </text>
          </g>
        ))}
        {quarterTurns(times).map((at) => (
          <text
            key={at}
            x={Math.min(width - 16, Math.max(left + 16, x(at)))}
            y={height - 4}
            textAnchor="middle"
          >
            {timeOfDay(times[at] ?? 0)}
          </text>
        ))}
        {lines.map(({ name, values }, n) => (
          <path key={name} className={`chart-line chart-line-${n}`} d={pathOf(values, x, y)} />
        ))}
        {turn === undefined ? null : (
          <line className="chart-cursor" x1={x(turn)} x2={x(turn)} y1={top} y2={height - bottom} />
        )}
      </svg>
    </figure>
  );
}

export function formatOr(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? "–" : format(value);
}

export function timeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** A value that stands alone is a dot. */
function pathOf(
  values: readonly (number | undefined)[],
  x: (turn: number) => number,
  y: (value: number) => number,
): string {
  return runsOf(values)
    .map((run) => {
      const places = run.map((turn) => `${x(turn).toFixed(1)},${y(values[turn] ?? 0).toFixed(1)}`);
      return `M${places.join(" L")}${places.length === 1 ? " h0.1" : ""}`;
    })
    .join(" ");
}
