import { readFileSync } from "node:fs";

/** Tells whether a process runs. One that has ended and that nobody has asked for its status yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // After the name in parentheses comes the state; Z is a zombie.
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    // No /proc on this system: what kill says has to do.
    return true;
  }
}
