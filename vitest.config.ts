import { defineConfig } from "vitest/config";

/** Files that have a local AWS of their own, side by side: each waits half of its time. */
const sandboxes = 2;

/**
 * Tests by what they need: nothing, the machine they run on, Pulumi's mocks, the sandbox's parts, the
 * whole story. The quick ones come first.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          // Loading the AWS SDK for each file takes longer than all tests together: files share a process.
          isolate: false,
          setupFiles: ["test/unit/setup.ts", "test/aws/setup.ts"],
          globalSetup: ["test/aws/global-setup.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "machine",
          include: ["test/machine/**/*.test.ts"],
          setupFiles: ["test/aws/setup.ts"],
          globalSetup: ["test/aws/global-setup.ts"],
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "program",
          include: ["test/program/**/*.test.ts"],
          globalSetup: ["test/aws/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "sandbox",
          include: ["test/sandbox/**/*.test.ts"],
          globalSetup: ["test/aws/global-setup.ts"],
          maxWorkers: sandboxes,
          testTimeout: 300_000,
          hookTimeout: 900_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/aws/global-setup.ts"],
          maxWorkers: sandboxes,
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
