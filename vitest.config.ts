import { defineConfig } from "vitest/config";

/** Take their time, and a host's networks: nothing for those who only changed a line. */
const withNetworks = ["sequences", "explain-proof"].map((name) => `src/gateway/kernel/${name}.test.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{src,demo,scripts,bench}/**/*.test.ts",
            "console/src/**/*.test.ts",
            "test/support/**/*.test.ts",
          ],
          exclude: withNetworks,
          // Nothing is kept in modules, and loading them anew for every file is 40 % of the work.
          isolate: false,
          // Of itself it would leave one processor of two to nobody.
          maxWorkers: 2,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "acceptance",
          include: ["test/acceptance/**/*.test.ts", "test/crash/**/*.test.ts"],
          // Each file starts whole systems with worker threads; on two cores one at a time is fastest.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          // Each file has a system and a browser, which take both processors.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "netns",
          include: ["test/netns/**/*.test.ts", ...withNetworks],
          // Each file loads the machine with thousands of sessions.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
