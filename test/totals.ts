import type { Reporter, TestModule } from "vitest/node";

/**
 * Closes a run with one plain line, `N passed, N failed, N skipped`, and before it the reason of each
 * skipped test: a test that is skipped without one counts as failed.
 */
export default class Totals implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<unknown>): void {
    const totals = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      // A file that can't be loaded, or a hook that fails, has no test to blame.
      if (module.state() === "failed" && module.errors().length > 0) totals.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state !== "skipped") {
          totals[result.state === "passed" ? "passed" : "failed"] += 1;
          continue;
        }
        if (result.note === undefined) {
          totals.failed += 1;
          process.exitCode = 1;
          process.stdout.write(`skipped without a reason, which counts as failed: ${test.fullName}\n`);
        } else {
          totals.skipped += 1;
          process.stdout.write(`skipped: ${test.fullName}: ${result.note}\n`);
        }
      }
    }
    process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
  }
}
