import { defineCommand } from "../../cli/define.ts";
import {
  allowDirtyOption,
  commentOption,
  servicesPositional,
  sinceOption,
  stackOption,
} from "../../cli/options.ts";

/** `slipway plan`: what `deploy` would do, without doing it. */
export const planCommand = defineCommand({
  command: "plan [services..]",
  describe: "Show what deploy would build, push, tag and update",
  examples: [
    ["plan --stack dev", "What deploy would do to all services"],
    ["plan ui --stack prod --output json", "The same for one service, as data"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: sinceOption,
    all: { type: "boolean", default: false, describe: "All services (the default when none is named)" },
    version: {
      type: "string",
      requiresArg: true,
      describe: "Version of the images, as for deploy",
    },
    "allow-dirty": allowDirtyOption,
    comment: commentOption,
  },
  run: async (options, context) => {
    const { planServices } = await import("../../plan/run.ts");
    const version = (options.version ?? process.env.TAG) || undefined;
    return planServices({ ...options, version, allowDirty: options["allow-dirty"] }, context);
  },
});
