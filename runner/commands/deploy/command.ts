import { defineCommand } from "../../cli/define.ts";
import {
  allOrNothingOption,
  allowDirtyOption,
  commentOption,
  servicesPositional,
  sinceOption,
  stackOption,
} from "../../cli/options.ts";

/** `slipway deploy`: builds what changed, pushes it, moves what runs it, and watches how that ends. */
export const deployCommand = defineCommand({
  command: "deploy [services..]",
  describe: "Build what changed, push it, move what runs it, and follow that to its end",
  examples: [
    ["deploy --stack dev", "Bring all services of a stack up to date"],
    ["deploy ui orders --stack dev", "Only these two"],
    ["deploy --stack prod --version v1.2.3", "Tag the images v1.2.3, too"],
    ["deploy --stack prod --all-or-nothing", "Put back what was moved when a target fails"],
    ["deploy ui --stack dev --dry-run", "Show what it would do: the same as plan"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: sinceOption,
    all: { type: "boolean", default: false, describe: "All services (the default when none is named)" },
    version: {
      type: "string",
      requiresArg: true,
      describe: "Version of the images, for tags; default: TAG, or the git tag v* on the commit",
    },
    "all-or-nothing": allOrNothingOption,
    "allow-dirty": allowDirtyOption,
    force: {
      type: "boolean",
      default: false,
      describe: "Deploy also a commit that is older than the one that runs",
    },
    "dry-run": { type: "boolean", default: false, describe: "Change nothing; show what would be done" },
    comment: commentOption,
  },
  run: async (options, context) => {
    const request = {
      ...options,
      version: (options.version ?? process.env.TAG) || undefined,
      allOrNothing: options["all-or-nothing"],
      allowDirty: options["allow-dirty"],
    };
    if (options["dry-run"]) return (await import("../../plan/run.ts")).planServices(request, context);
    return (await import("./run.ts")).deployServices(request, context);
  },
});
