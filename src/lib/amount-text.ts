const units = ["", "k", "M", "G", "T", "P"] as const;

/** A number with at most three digits that matter: `7`, `999`, `1.5k`, `20M`. @param amount from 0 */
export function amountText(amount: number): string {
  let [value, unit] = [amount, 0];
  while (Math.round(value) >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1];
  const digits = value < 10 && !Number.isInteger(value) ? 1 : 0;
  return `${value.toFixed(digits).replace(/\.0$/, "")}${units[unit]}`;
}
