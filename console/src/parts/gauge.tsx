interface GaugeProps {
  readonly value: number;
  readonly most: number;
  readonly label: string;
}

/** How much of a limit is used, as a bar with its numbers. */
export function Gauge({ value, most, label }: GaugeProps) {
  const share = most > 0 ? value / most : 0;
  const level = share >= 1 ? "full" : share >= 0.8 ? "high" : "low";
  return (
    <span className="gauge">
      <meter
        className={`gauge-bar gauge-${level}`}
        aria-label={label}
        min={0}
        max={most}
        value={Math.min(value, most)}
      />
      <span>
        {value} / {most}
      </span>
    </span>
  );
}
