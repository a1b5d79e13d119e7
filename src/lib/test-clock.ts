import type { Clock } from "./clock.ts";

/** A clock that a test winds by hand. It starts at a plausible present: code may compare with "five minutes ago". */
export class TestClock implements Clock {
  time: number;

  constructor(time = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }

  advance(ms: number): void {
    this.time += ms;
  }
}
