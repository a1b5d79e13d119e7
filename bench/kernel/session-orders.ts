/** Port of the nodes where sessions are held. */
export const sessionPort = 9300;

export interface SessionsSetting {
  readonly role: "node" | "consumer";
  /** Of the endpoint; with "node" nothing. */
  readonly address?: string;
  readonly count: number;
}

/** When sessions went, of the clock of `process.hrtime`, in milliseconds. */
export interface SessionsEnd {
  readonly lastByteAtMs: number;
  readonly lastCloseAtMs: number;
}
