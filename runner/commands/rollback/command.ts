import { defineCommand } from "../../cli/define.ts";
import {
  allOrNothingOption,
  overrideOptions,
  servicesPositional,
  stackOption,
  waitMergeOption,
} from "../../cli/options.ts";

/** `slipway rollback`: returns to the last successful release, from the registry, without a build. */
export const rollbackCommand = defineCommand({
  command: "rollback [services..]",
  describe: "Return to the last successful release without a build",
  examples: [
    ["rollback ui --stack prod", "Go back to the last successful release before the one that runs"],
    ["rollback ui --stack prod --to v1.2.3", "Go back to the release of a tag, an id, a commit or a digest"],
    ["rollback --stack prod --dry-run", "Show which release each service would go back to"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    to: {
      type: "string",
      requiresArg: true,
      describe:
        "Release to go back to: id, tag, commit or digest; default: the last successful one before what runs",
    },
    "with-task-definition": {
      type: "boolean",
      default: false,
      describe:
        "ECS: return to the release's task definition revision, with its environment and secrets, not only to its image",
    },
    "all-or-nothing": allOrNothingOption,
    ...overrideOptions,
    "wait-merge": waitMergeOption,
    "dry-run": { type: "boolean", default: false, describe: "Show what would change, and change nothing" },
  },
  run: async (options, context) => {
    const { rollbackServices } = await import("./run.ts");
    const request = {
      ...options,
      withTaskDefinition: options["with-task-definition"],
      allOrNothing: options["all-or-nothing"],
      waitMerge: options["wait-merge"],
      dryRun: options["dry-run"],
    };
    return rollbackServices(request, context);
  },
});
