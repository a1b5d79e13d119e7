/** What one `apply` of the agent came to. */
export interface Applied {
  readonly durationMs: number;
  /** Sessions that were cut because they are no longer allowed. */
  readonly severedSessions: number;
  /** Endpoints that could not be brought up. */
  readonly failures: number;
}

/** Hears what the agent does, while it does it: nothing of this may take long or throw. */
export interface AgentObserver {
  applied(outcome: Applied): void;
  applyFailed(): void;
  /** This revision is in force, and on disk. */
  settled(revision: number): void;
  /** The server answered a question for the next snapshot. */
  heardFromServer(): void;
}
