/** Options that every command has. */
export const globalOptions = {
  cwd: {
    alias: "C",
    type: "string",
    default: process.cwd(),
    defaultDescription: "the current directory",
    requiresArg: true,
    describe: "Project directory, or a directory inside it",
  },
  output: {
    choices: ["text", "json"],
    default: "text",
    requiresArg: true,
    describe: "json: print the result as one JSON document on stdout, and progress on stderr",
  },
  debug: { type: "boolean", default: false, describe: "Show the stack trace and the cause of an error" },
} as const;

/**
 * The same for yargs, for one level of commands. Each level declares its own, so that a command can change
 * the choices of `--output`: yargs would list inherited ones twice.
 */
export const localOptions = {
  cwd: { ...globalOptions.cwd, global: false },
  output: { ...globalOptions.output, global: false },
  debug: { ...globalOptions.debug, global: false },
} as const;

/** `--stack`, for all commands that work on a stack. */
export const stackOption = {
  alias: "s",
  type: "string",
  requiresArg: true,
  describe: "Stack to work on; default: PULUMI_STACK, or the only stack",
} as const;

/** The services to work on, for all commands that take services. */
export const servicesPositional = {
  type: "string",
  array: true,
  default: [] as string[],
  defaultDescription: "all of them",
  describe: "Names of services in services.yaml",
} as const;

/** `--verbose`, for all commands whose text only counts what has not changed once there is much of it. */
export const verboseOption = {
  type: "boolean",
  default: false,
  describe: "List everything; default: of more than ten services, only those with something to tell",
} as const;

/** `--allow-dirty`, for all commands that deploy or plan a deployment. */
export const allowDirtyOption = {
  type: "boolean",
  default: false,
  describe: "Deploy uncommitted changes even if slipway:deploy.requireCleanTree is set",
} as const;

/** `--all-or-nothing`, for all commands that move targets. */
export const allOrNothingOption = {
  type: "boolean",
  describe:
    "If a target fails, roll back the targets that moved; default: slipway:deploy.allOrNothing of the stack",
} as const;

/** `--wait-merge`, for all commands that move targets. */
export const waitMergeOption = {
  type: "boolean",
  default: false,
  describe:
    "GitOps targets with deliver: pull-request: wait until the pull request is merged, and follow the merge; default: end when it is open",
} as const;

/** Gates that a person may override. */
export const overridableGates = ["findings", "image-checks", "dockerfile", "signed"] as const;

/** `--override-gate` and `--reason`, for all commands that ask the gates of `slipway:gates`. */
export const overrideOptions = {
  "override-gate": {
    type: "string",
    requiresArg: true,
    choices: overridableGates,
    describe: "Pass a gate of slipway:gates whatever it says (with --reason); the release record names you",
  },
  reason: {
    type: "string",
    requiresArg: true,
    describe: "Why to override a gate; kept in the release record",
  },
} as const;

/** `--comment`, for the commands that can write their result to a pull request. */
export const commentOption = {
  type: "boolean",
  default: false,
  describe:
    "In GitHub Actions, write the result to the stack's comment on the pull request (needs GITHUB_TOKEN)",
} as const;

/** `--all`, as every command has it that works on all services when none is named. */
export const allOption = {
  type: "boolean",
  default: false,
  describe: "Select all services, which is the default",
} as const;

/** `--since`, for all commands that can select services by their changes. */
export const sinceOption = {
  type: "string",
  requiresArg: true,
  describe: "Select services that changed since a commit, branch or tag; REF...: since this branch left REF",
} as const;
