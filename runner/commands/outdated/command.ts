import { defineCommand } from "../../cli/define.ts";
import {
  allOrNothingOption,
  allowDirtyOption,
  overrideOptions,
  servicesPositional,
  stackOption,
} from "../../cli/options.ts";

/** `slipway outdated`: shows which services run on base images that have a newer version, and builds them again. */
export const outdatedCommand = defineCommand({
  command: "outdated [services..]",
  describe: "List services whose base images have moved since their build",
  examples: [
    ["outdated --stack prod", "Look at all services that the stack runs"],
    ["outdated --stack prod --output json", "List them as JSON, for a scheduled workflow"],
    ["outdated --stack dev --rebuild", "Build those whose base images have moved, and deploy them"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    rebuild: {
      type: "boolean",
      default: false,
      describe: "Build services whose base images have moved from the source that runs, and deploy them",
    },
    "all-or-nothing": allOrNothingOption,
    "allow-dirty": allowDirtyOption,
    ...overrideOptions,
  },
  run: async (options, context) => {
    const { runOutdated } = await import("./run.ts");
    return runOutdated(
      { ...options, allOrNothing: options["all-or-nothing"], allowDirty: options["allow-dirty"] },
      context,
    );
  },
});
