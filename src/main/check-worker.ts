import { parentPort, workerData } from "node:worker_threads";
import { checkFiles, type CheckedFiles } from "./check-data.ts";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, no window
parentPort?.postMessage(await checkFiles(workerData as CheckedFiles));
