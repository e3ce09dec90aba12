import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** The proof against a real Kubernetes API and a real Argo CD. `npm test` does not run it: see CONTRIBUTING.md. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, "../.."),
    name: "kubernetes",
    include: ["test/kubernetes/**/*.test.ts"],
    testTimeout: 300_000,
    // The first run builds the programs.
    hookTimeout: 4 * 3_600_000,
    bail: 1,
    // The tests of a file are one story, and each file has a cluster of its own: one at a time is enough memory.
    sequence: { concurrent: false },
    fileParallelism: false,
  },
});
