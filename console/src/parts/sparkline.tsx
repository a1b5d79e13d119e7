interface SparklineProps {
  /** Oldest first, from 0. */
  readonly values: readonly number[];
  /** What the line says, for who does not see it. */
  readonly label: string;
}

const [width, height] = [72, 20];

/** A small line of the last values; flat where nothing is carried. */
export function Sparkline({ values, label }: SparklineProps) {
  const highest = Math.max(...values, 1);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const points = values
    .map(
      (value, n) => `${(n * step).toFixed(1)},${(height - 1 - (value / highest) * (height - 2)).toFixed(1)}`,
    )
    .join(" ");
  return (
    <svg role="img" aria-label={label} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
      <polyline
        className="sparkline"
        points={values.length > 1 ? points : `0,${height - 1} ${width},${height - 1}`}
      />
    </svg>
  );
}
