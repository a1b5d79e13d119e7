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
          // Files wait much of the time; ports, data and loopback networks are each one's own.
          maxWorkers: 2,
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
          // Files wait two thirds of the time; each builds namespaces of its own.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
