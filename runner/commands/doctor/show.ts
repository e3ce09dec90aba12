import type { Colours } from "../../report/colours.ts";
import type { Check } from "./document.ts";

/** The text output: a line for each check, with its fix. */
export function showChecks(checks: readonly Check[], colours: Colours): string {
  const { green, yellow, red, dim, bold } = colours;
  const mark = { ok: green("✔"), warn: yellow("!"), fail: red("✖") };
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, message, fix }) => [
    `${mark[state]} ${name.padEnd(width)}  ${message}`,
    ...(fix === undefined || state === "ok" ? [] : [dim(`${" ".repeat(width + 4)}fix: ${fix}`)]),
  ]);
  const failed = checks.filter(({ state }) => state === "fail").length;
  const verdict =
    failed === 0 ? green("Ready to deploy.") : red(`${failed} of ${checks.length} checks failed.`);
  return [...lines, "", bold(verdict)].join("\n");
}
