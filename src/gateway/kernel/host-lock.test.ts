import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { takeHostLock } from "./host-lock.ts";

test.skipIf(process.platform !== "linux")(
  "one process at a time holds the host, and its death frees it",
  async () => {
    const program = `
      const { takeHostLock } = await import(${JSON.stringify(import.meta.resolve("./host-lock.ts"))});
      globalThis.lock = await takeHostLock();
      console.log("held");
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    await expect(takeHostLock()).rejects.toThrow(/Another gateway process .* Stop it first/);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    const lock = await takeHostLock();
    await expect(takeHostLock()).rejects.toThrow("Another gateway process");
    lock.release();
    (await takeHostLock()).release();
  },
);
