import { defineCommand } from "../../cli/define.ts";
import {
  allOption,
  allOrNothingOption,
  allowDirtyOption,
  commentOption,
  overrideOptions,
  servicesPositional,
  sinceOption,
  stackOption,
  verboseOption,
  waitMergeOption,
} from "../../cli/options.ts";

/** `slipway deploy`: builds and pushes what changed, moves the targets, and follows them to their outcome. */
export const deployCommand = defineCommand({
  command: "deploy [services..]",
  describe: "Build and push what changed, and update its targets",
  examples: [
    ["deploy --stack dev", "Deploy all services of a stack"],
    ["deploy ui orders --stack dev", "Deploy only these two services"],
    ["deploy --stack prod --version v1.2.3", "Also tag the images v1.2.3"],
    ["deploy --stack prod --all-or-nothing", "Roll back all targets if one of them fails"],
    ["deploy ui --stack dev --dry-run", "Show what deploy would do, as plan does"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: sinceOption,
    all: allOption,
    version: {
      type: "string",
      requiresArg: true,
      describe: "Version for the image tags; default: TAG, or the git tag v* of the commit",
    },
    "all-or-nothing": allOrNothingOption,
    "allow-dirty": allowDirtyOption,
    force: {
      type: "boolean",
      default: false,
      describe: "Deploy the commit even if it is older than the one that runs",
    },
    ...overrideOptions,
    "wait-merge": waitMergeOption,
    "dry-run": { type: "boolean", default: false, describe: "Show what would change, and change nothing" },
    comment: commentOption,
    verbose: verboseOption,
  },
  run: async (options, context) => {
    const request = {
      ...options,
      version: (options.version ?? process.env.TAG) || undefined,
      allOrNothing: options["all-or-nothing"],
      allowDirty: options["allow-dirty"],
      waitMerge: options["wait-merge"],
    };
    if (options["dry-run"]) return (await import("../../plan/run.ts")).planServices(request, context);
    return (await import("./run.ts")).deployServices(request, context);
  },
});
