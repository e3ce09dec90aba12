import { stringify } from "yaml";
import { stackFile } from "../../../config/description/description.ts";

/** What the files of a project and its stacks are made from. */
export interface ProjectChoices {
  readonly project: string;
  /** The stack to begin with. */
  readonly stack: string;
  readonly region: string;
  /** Account that the stack is guarded to be in; undefined when nobody was asked. */
  readonly account: string | undefined;
  /** Whether the package.json beside it says `type: module`. */
  readonly isModule: boolean;
}

export interface ProjectFile {
  readonly path: string;
  readonly content: string;
}

/** The files that a project needs beside services.yaml. */
export function projectFiles(choices: ProjectChoices): ProjectFile[] {
  const program = choices.isModule ? "slipway.mjs" : "slipway.cjs";
  const stacks = [...new Set([choices.stack, "prod"])];
  return [
    { path: "Pulumi.yaml", content: pulumiYaml(choices.project, program) },
    { path: program, content: choices.isModule ? moduleProgram : commonProgram },
    ...stacks.map((stack) => ({
      path: stackFile(stack),
      content: stack === "prod" ? prodStack(choices) : developmentStack(choices),
    })),
    { path: ".gitignore", content: ".slipway/\nnode_modules/\n" },
  ];
}

const about = "Pulumi runs this file: Slipway's program reads services.yaml and the stack file.";
const moduleProgram = `// ${about}\nexport * from "slipway/program";\n`;
const commonProgram = `// ${about}\nmodule.exports = () => import("slipway/program");\n`;

function pulumiYaml(project: string, program: string): string {
  return `name: ${scalar(project)}
description: Repositories, retention, scanning, alarms and images of the services in services.yaml
runtime:
  name: nodejs
  options:
    typescript: false
# Keep the program in this directory: Pulumi runs it in the directory of its file.
main: ${program}
`;
}

function developmentStack(choices: ProjectChoices): string {
  const { project, stack } = choices;
  return `config:
${whereItIs(choices, stack === choices.stack)}
  slipway:repositories:
    prefix: ${scalar(`${project}-${stack}`)}
    # These images can be built again.
    forceDelete: true

  slipway:retention: { preset: development }
  slipway:tags: ["{stack}-{sha7}", "{stack}-latest"]

  slipway:scanning:
    # This setting covers the whole account: set it to false if another stack manages it.
    manageRegistry: true
`;
}

function prodStack(choices: ProjectChoices): string {
  return `config:
${whereItIs(choices, choices.stack === "prod")}
  slipway:repositories:
    prefix: ${scalar(`${choices.project}-prod`)}
    tagMutability: immutable
    movingTags: ["*latest"]
    encryption: { kind: kms }
    protect: true

  slipway:retention: { preset: environments }
  slipway:tags: ["prod-{sha7}", "prod-latest"]

  # Production runs only committed source; use --allow-dirty in an emergency.
  slipway:deploy: { requireCleanTree: true }
`;
}

function whereItIs({ region, account }: ProjectChoices, isAsked: boolean): string {
  const guard =
    isAsked && account !== undefined
      ? `  aws:allowedAccountIds: ["${account}"]`
      : '  # Guard against the wrong credentials:\n  # aws:allowedAccountIds: ["<12 digits>"]';
  return `  aws:region: ${region}\n${guard}\n`;
}

function scalar(text: string): string {
  return stringify(text).trim();
}
