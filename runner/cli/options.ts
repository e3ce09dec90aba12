/** Options that every command has. */
export const globalOptions = {
  cwd: {
    alias: "C",
    type: "string",
    default: process.cwd(),
    defaultDescription: "the current directory",
    requiresArg: true,
    describe: "Directory of the project, or one inside it",
  },
  output: {
    choices: ["text", "json"],
    default: "text",
    requiresArg: true,
    describe: "json: print the result as one JSON document on stdout; progress goes to stderr",
  },
  debug: { type: "boolean", default: false, describe: "Show the stack and the cause of an error" },
} as const;

/**
 * The same as yargs takes them for one level of commands. Each level declares them for itself, so that a
 * command can give `--output` other choices: inherited ones would be listed twice.
 */
export const localOptions = {
  cwd: { ...globalOptions.cwd, global: false },
  output: { ...globalOptions.output, global: false },
  debug: { ...globalOptions.debug, global: false },
} as const;

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
