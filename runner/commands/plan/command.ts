import { defineCommand } from "../../cli/define.ts";
import {
  allOption,
  allowDirtyOption,
  commentOption,
  servicesPositional,
  sinceOption,
  stackOption,
  verboseOption,
} from "../../cli/options.ts";

/** `slipway plan`: shows what `deploy` would do. */
export const planCommand = defineCommand({
  command: "plan [services..]",
  describe: "Show what deploy would build, push, tag and update",
  examples: [
    ["plan --stack dev", "Show what deploy would do for all services"],
    ["plan ui --stack prod --output json", "Show the plan of one service as JSON"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: sinceOption,
    all: allOption,
    version: {
      type: "string",
      requiresArg: true,
      describe: "Version for the image tags, as for deploy",
    },
    "allow-dirty": allowDirtyOption,
    comment: commentOption,
    verbose: verboseOption,
  },
  run: async (options, context) => {
    const { planServices } = await import("../../plan/run.ts");
    const version = (options.version ?? process.env.TAG) || undefined;
    return planServices({ ...options, version, allowDirty: options["allow-dirty"] }, context);
  },
});
