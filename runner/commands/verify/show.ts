import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatDuration } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { ServiceEvidence, ServiceRun, VerifyDocument } from "./document.ts";

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
  const lacking = (document.evidence ?? []).filter(
    ({ pieces, missing }) => missing.length > 0 || pieces.some(({ state }) => state === "refused"),
  );
  const unwell = (document.runs ?? []).filter(({ state }) => state === "fail");
  const verdict =
    failed === 0 && unwell.length > 0
      ? red(`${unwell.map(({ service }) => service).join(", ")} did not run well.`)
      : failed === 0 && lacking.length > 0
        ? red(`The evidence of ${lacking.map(({ service }) => service).join(", ")} is not complete.`)
        : failed > 0
          ? red(
              `${failed} of ${all.length} checks failed: a deployment would stop before it changes anything.`,
            )
          : green(
              `All checks passed: ${all.length - unchecked} checks${unchecked > 0 ? `, ${unchecked} not made` : ""}.`,
            );
  return [
    bold(`Stack ${document.stack} (account ${document.account}, ${document.region})`),
    "",
    ...targets,
    ...(document.evidence ?? []).flatMap((one) => showEvidence(one, colours)),
    ...(document.managedSigning === undefined
      ? []
      : [dim(`Whether ECR signs images itself was not seen: ${document.managedSigning.message}`), ""]),
    ...(document.runs ?? []).flatMap((one) => showRun(one, colours)),
    ...document.withoutTargets.map((service) => dim(`${service}: no targets`)),
    bold(verdict),
  ].join("\n");
}

/** How a service's image ran, with its log when it failed. */
function showRun(run: ServiceRun, { bold, dim, green, red }: Colours): string[] {
  const { service, platform, reference, state, message, milliseconds, log = [] } = run;
  const time = dim(`(${formatDuration(milliseconds)})`);
  return [
    bold(`${service}: ${reference}`),
    `  ${state === "ok" ? green("✔") : red("✖")} ran on ${platform}: ${message} ${time}`,
    ...log.map((line) => dim(`      ${line}`)),
    "",
  ];
}

/** What is attached to a service's image: a line for each piece, and what is missing. */
function showEvidence(
  { service, reference, pieces, missing, managedSigning = [] }: ServiceEvidence,
  colours: Colours,
): string[] {
  const { bold, dim, green, red, yellow } = colours;
  const mark = { verified: green("✔"), unsigned: dim("-"), "other key": yellow("?"), refused: red("✖") };
  const head = bold(`${service}: ${reference ?? "no release on this stack"}`);
  const rows = pieces.map(({ what, state, platform, message, digest }) => [
    `  ${mark[state]}`,
    what,
    platform ?? "index",
    message === undefined ? state : `${state}: ${message}`,
    dim(shortDigest(digest)),
  ]);
  const managed = managedSigning.map(({ state, platform, profile, message }) => [
    `  ${state === "failed" ? red("✖") : dim("-")}`,
    "ECR's managed signing",
    platform ?? "index",
    message === undefined ? state : `${state}: ${message}`,
    dim(profile?.split("/").at(-1) ?? ""),
  ]);
  const lacks = missing.map((one) => [`  ${red("✖")}`, one, "", "missing", ""]);
  const all = [...rows, ...managed, ...lacks];
  return [head, ...(all.length === 0 ? [] : [formatTable(all)]), ""];
}
