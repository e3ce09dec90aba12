import type { Colours } from "../../report/colours.ts";
import { formatTable } from "../../report/table.ts";
import type { VerifyDocument } from "./document.ts";

/** The checks as text: a table for each target, with fixes. */
export function showVerify(document: VerifyDocument, colours: Colours): string {
  const { bold, dim, green, red } = colours;
  const mark = { ok: green("✔"), fail: red("✖"), "not checked": dim("-") };
  const targets = document.targets.flatMap(({ title, checks }) => [
    bold(title),
    formatTable(
      checks.flatMap(({ name, state, message, fix }) => [
        [`  ${mark[state]}`, name, state === "not checked" ? dim(message) : message],
        ...(fix === undefined || state === "ok" ? [] : [["", "", dim(`fix: ${fix}`)]]),
      ]),
    ),
    "",
  ]);
  const all = document.targets.flatMap(({ checks }) => checks);
  const failed = all.filter(({ state }) => state === "fail").length;
  const unchecked = all.filter(({ state }) => state === "not checked").length;
  const verdict =
    failed > 0
      ? red(`${failed} of ${all.length} checks failed: a deployment would stop before it changes anything.`)
      : green(
          `All checks passed: ${all.length - unchecked} checks${unchecked > 0 ? `, ${unchecked} not made` : ""}.`,
        );
  return [
    bold(`Stack ${document.stack} (account ${document.account}, ${document.region})`),
    "",
    ...targets,
    ...document.withoutTargets.map((service) => dim(`${service}: no targets`)),
    bold(verdict),
  ].join("\n");
}
