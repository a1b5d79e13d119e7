import type { Terminal } from "../cli/terminal.ts";

/** Alternate screen, no cursor, no line wrap; and back. */
const take = "\u001B[?1049h\u001B[?25l\u001B[?7l";
const giveBack = "\u001B[?7h\u001B[?25h\u001B[?1049l";
const stopSignals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout } = process;
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    enter: ({ onKeys, onChange, onStop }) => {
      const heard = (bytes: Buffer): void => onKeys(bytes.toString("utf8"));
      let isLeft = false;
      const leave = (): void => {
        if (isLeft) return;
        isLeft = true;
        process.off("exit", leave);
        for (const signal of stopSignals) process.off(signal, onStop);
        stdout.off("resize", onChange);
        stdin.off("data", heard);
        stdin.setRawMode(false);
        stdin.pause();
        stdout.write(giveBack);
      };
      // Also where something is thrown that nobody catches: terminals are written to at once.
      process.on("exit", leave);
      for (const signal of stopSignals) process.on(signal, onStop);
      stdout.on("resize", onChange);
      stdin.setRawMode(true);
      stdin.on("data", heard);
      stdin.resume();
      stdout.write(take);
      return { write: (text) => void stdout.write(text), leave };
    },
  };
}
