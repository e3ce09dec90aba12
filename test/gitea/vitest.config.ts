import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** The proof of pull requests against a real Gitea. `npm test` does not run it: see CONTRIBUTING.md. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, "../.."),
    name: "gitea",
    include: ["test/gitea/**/*.test.ts"],
    testTimeout: 120_000,
    // The first run builds Gitea.
    hookTimeout: 2 * 3_600_000,
    bail: 1,
    sequence: { concurrent: false },
  },
});
