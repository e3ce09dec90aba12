import type { CodeTable } from "./entry.ts";

/** Codes of a command line that Slipway refuses. */
export const commandLineCodes = {
  "bad-lines": {
    meaning: "`--lines` of `slipway logs` is not a whole number.",
    fix: "Give a whole number. 0 shows only new lines.",
    exits: [2],
  },
  "bad-time": {
    meaning: "`--since` of `slipway logs` is neither a duration nor a time, or it is in the future.",
    fix: "Give a duration such as `90s`, `10m`, `2h` or `1d`, or a time such as `2026-01-31T12:00:00Z`.",
    exits: [2],
  },
  "cleanup-plan-invalid": {
    meaning: "A file is not a plan of `slipway cleanup plan`, or it was changed after it had been written.",
    fix: "Make a plan with `slipway cleanup plan --out FILE`, and choose what goes by its options.",
    exits: [2],
  },
  "cleanup-plan-old": {
    meaning: "A plan of a clean-up is more than an hour old.",
    fix: "Make a new plan.",
    exits: [3],
  },
  "cleanup-policy-changed": {
    meaning: "What the project's files say of services, tags or repositories has changed since the plan.",
    fix: "Make a new plan.",
    exits: [3],
  },
  "cleanup-in-use-changed": {
    meaning: "The images in use have changed since the plan, or less can be seen of what runs.",
    fix: "Make a new plan.",
    exits: [3],
  },
  "cleanup-elsewhere": {
    meaning: "A plan or an undo record is of another account, region, registry or stack.",
    fix: "Use the credentials and the `--stack` that it was made with.",
    exits: [2],
  },
  "cleanup-not-confirmed": {
    meaning: "`slipway cleanup apply` has no terminal to ask on.",
    fix: "Look at the plan, and pass `--yes`.",
    exits: [2],
  },
  "cleanup-undo-invalid": {
    meaning: "A file is not the record of a clean-up.",
    fix: "Name the file that `slipway cleanup apply` has written.",
    exits: [2],
  },
  "cleanup-file": {
    meaning: "The file of a plan or of an undo record can't be written.",
    fix: "Name another file with `--out` or `--undo`.",
    exits: [2],
  },
  "filter-refused": {
    meaning: "CloudWatch Logs does not accept the pattern of `--filter`.",
    fix: "Quote words that contain more than letters and digits: `--filter '\"GET /\"'`.",
    exits: [2],
  },
  "invalid-limit": {
    meaning: "`--limit` of `slipway history` is not a whole number of 1 or more.",
    fix: "Give a whole number, 1 or more.",
    exits: [2],
  },
  "missing-command": {
    meaning: "The command line names no command.",
    fix: "Choose one of the commands that the message lists.",
    exits: [2],
  },
  "missing-project": {
    meaning: "Neither this directory nor one above it has a Pulumi.yaml and a services.yaml.",
    fix: "Run the command in a project, or name one with `--cwd`.",
    exits: [2],
  },
  "not-a-number": {
    meaning: "`--push-pr` is not the number of a pull request.",
    fix: "Give digits only, such as 12.",
    exits: [2],
  },
  "not-semver": {
    meaning: "`--version` is not a semantic version, and a format of slipway:tags needs one.",
    fix: "Give a version such as `v1.2.3` or `1.2.3-rc.1`, or remove that format from slipway:tags.",
    exits: [2],
  },
  "same-stack": {
    meaning: "A promotion names the same stack as source and destination.",
    fix: "Name two different stacks. To go back on one stack, use `slipway rollback`.",
    exits: [2],
  },
  "unexpected-argument": {
    meaning: "The command takes no such argument, or something follows `--`.",
    fix: "Remove the argument, or see the command's `--help`.",
    exits: [2],
  },
  "unknown-command": {
    meaning: "There is no command with this name.",
    fix: "Use the command that the message suggests, or see `slipway --help`.",
    exits: [2],
  },
  "unknown-image": {
    meaning: "`--image` of `slipway scan` names an image that no repository of the stack has.",
    fix: "Give a tag or a digest that `slipway images` shows.",
    exits: [2],
  },
  "unknown-option": {
    meaning: "The command has no option with this name.",
    fix: "Use the option that the message suggests, or see the command's `--help`.",
    exits: [2],
  },
  "unknown-ref": {
    meaning: "`--since` names no commit, branch or tag of this repository.",
    fix: "Correct the name, or fetch it first (`git fetch`).",
    exits: [2],
  },
  "unknown-stack": {
    meaning: "The project has no settings file for this stack.",
    fix: "Correct the name, or create the stack with `pulumi stack init`.",
    exits: [2],
  },
  usage: {
    meaning: "`--limit` of `slipway images` is not a whole number.",
    fix: "Give a whole number. 0 shows all images.",
    exits: [2],
  },
  "which-stack": {
    meaning: "The project has several stacks, or none, and the command line names none.",
    fix: "Name one with `--stack` or PULUMI_STACK.",
    exits: [2],
  },
  "wrong-usage": {
    meaning: "An option has no value, a wrong value, or is given twice, or two options exclude each other.",
    fix: "Correct the option that the message names.",
    exits: [2],
  },
} as const satisfies CodeTable;
