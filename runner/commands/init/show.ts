import type { Colours } from "../../report/colours.ts";
import type { FoundService } from "./found.ts";
import type { InitDocument, InitFile } from "./init.ts";

/** What init found and wrote, and what to do next. */
export function showInit(document: InitDocument, colours: Colours): string {
  const { files, services, notes, defaults, dryRun } = document;
  const { bold, dim } = colours;
  const shown = dryRun ? files.filter(({ action }) => action !== "kept") : files.filter(isProposed);
  return [
    ...section(bold("Services"), services.map(showService)),
    ...section(
      bold(dryRun ? "Files (nothing was written)" : "Files"),
      files.map((file) => showFile(file, colours)),
    ),
    ...shown.map(({ path, content }) => `${bold(path)}\n${content}`),
    ...section(
      bold("Defaults taken"),
      defaults.map(({ what, value }) => `  ${what}: ${value}`),
    ),
    ...section(
      bold("Skipped"),
      notes.map((note) => `  ${dim(note)}`),
    ),
    ...section(bold("Next"), nextSteps(document)),
  ]
    .join("\n")
    .trimEnd();
}

function isProposed({ action }: InitFile): boolean {
  return action === "proposed";
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines, ""];
}

function showService({ name, from, context, platforms, runsAs = [] }: FoundService): string {
  const on = platforms === undefined ? "" : `, for ${platforms.join(" and ")}`;
  return `  ${name}: built in ${context}, by ${from}${on}${runsAs.length === 0 ? "" : `; runs as ${runsAs.join(", ")}`}`;
}

function showFile({ path, action }: InitFile, { green, yellow, dim }: Colours): string {
  switch (action) {
    case "created":
      return `  ${green("+")} ${path}`;
    case "extended":
      return `  ${yellow("~")} ${path}`;
    case "kept":
      return dim(`  = ${path} (exists, left as it is)`);
    case "proposed":
      return `  ${yellow("?")} ${path} (exists; --yes writes it as shown below)`;
  }
}

function nextSteps({ services, files, isInstalled }: InitDocument): string[] {
  const stack = files
    .map(({ path }) => /^Pulumi\.(.+)\.yaml$/.exec(path)?.[1])
    .find((name) => name !== undefined);
  const withoutTargets = services.filter(({ targets = [] }) => targets.length === 0).map(({ name }) => name);
  return [
    ...(withoutTargets.length === 0
      ? []
      : [`  add targets to services.yaml for ${withoutTargets.join(", ")}`]),
    ...(isInstalled
      ? []
      : [
          "  install Slipway here, for Pulumi to find its program: npm install --save-dev <package or clone>",
        ]),
    `  run slipway doctor --stack ${stack}, then slipway plan --stack ${stack}`,
  ];
}
