/** `--stack`, as every command has it that works on one. */
export const stackOption = {
  alias: "s",
  type: "string",
  requiresArg: true,
  describe: "Stack to work on; default: PULUMI_STACK, or the only one there is",
} as const;

/** The services to work on, as every command has them that takes some. */
export const servicesPositional = {
  type: "string",
  array: true,
  default: [] as string[],
  defaultDescription: "all of them",
  describe: "Services to work on, by their names in services.yaml",
} as const;

/** `--allow-dirty`, for the commands that deploy or say what a deployment would do. */
export const allowDirtyOption = {
  type: "boolean",
  default: false,
  describe: "Also what is not committed, where slipway:deploy.requireCleanTree refuses it",
} as const;

/** `--all-or-nothing`, as every command has it that moves targets. */
export const allOrNothingOption = {
  type: "boolean",
  describe: "When a target fails, put back what was moved; default: slipway:deploy.allOrNothing of the stack",
} as const;

/** `--comment`, as the commands have it whose result is worth a comment on a pull request. */
export const commentOption = {
  type: "boolean",
  default: false,
  describe:
    "On a pull request in GitHub Actions: put the result into the stack's one comment (needs GITHUB_TOKEN)",
} as const;

/** `--since`, as every command has it that can be limited to what changed since a commit. */
export const sinceOption = {
  type: "string",
  requiresArg: true,
  describe: "Only what changed since this commit, branch or tag; REF...: since this branch left REF",
} as const;
