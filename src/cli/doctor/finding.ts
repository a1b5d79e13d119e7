/** What a check came to. `skipped`: an earlier check, or what is not known, left nothing to look at. */
export type Verdict = "ok" | "warning" | "failed" | "skipped";

/** One line of the examination. */
export interface Finding {
  /** What was looked at, such as `IPv4 name` or `TCP 10.0.0.5:9200`; each is there once. */
  readonly check: string;
  readonly verdict: Verdict;
  /** One sentence. */
  readonly text: string;
  /** What to do about it: one line. Left out where nothing is to be done. */
  readonly fix?: string;
}

export function ok(check: string, text: string): Finding {
  return { check, verdict: "ok", text };
}

export function warning(check: string, text: string, fix: string): Finding {
  return { check, verdict: "warning", text, fix };
}

export function failed(check: string, text: string, fix: string): Finding {
  return { check, verdict: "failed", text, fix };
}

export function skipped(check: string, text: string, fix?: string): Finding {
  return { check, verdict: "skipped", text, ...(fix !== undefined && { fix }) };
}
