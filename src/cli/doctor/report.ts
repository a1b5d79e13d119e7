import { CliError } from "../cli-error.ts";
import type { Output } from "../output.ts";
import { renderTable } from "../table.ts";
import type { Finding, Verdict } from "./finding.ts";

const words: Readonly<Record<Verdict, string>> = {
  ok: "ok",
  warning: "warning",
  failed: "FAILED",
  skipped: "skipped",
};

/** Writes what was found. @throws CliError where a check failed, for the exit status */
export function report(out: Output, findings: readonly Finding[]): void {
  const failures = findings.filter(({ verdict }) => verdict === "failed");
  if (out.isJson) out.json({ ok: failures.length === 0, checks: findings });
  else {
    out.line(
      renderTable(
        ["", "CHECK", "FOUND"],
        findings.map(({ check, verdict, text }) => [words[verdict], check, text]),
      ),
    );
    for (const { check, fix } of findings) if (fix !== undefined) out.line(`\n${check}:\n  ${fix}`);
  }
  const [first] = failures;
  if (first === undefined) return;
  const count = failures.length === 1 ? "1 check" : `${failures.length} checks`;
  throw new CliError(
    `${count} of ${findings.length} failed.`,
    `Begin with "${first.check}": ${first.fix ?? ""}`,
  );
}
