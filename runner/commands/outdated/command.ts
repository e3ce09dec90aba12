import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway outdated`: shows which services run on base images that have a newer version. */
export const outdatedCommand = defineCommand({
  command: "outdated [services..]",
  describe: "List services whose base images have moved since their build",
  examples: [
    ["outdated --stack prod", "Look at all services that the stack runs"],
    ["outdated --stack prod --output json", "List them as JSON, for a scheduled workflow"],
  ],
  positionals: { services: servicesPositional },
  options: { stack: stackOption },
  run: async (options, context) => {
    const [{ withSession }, { findOutdated }, { showOutdated }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("../../build/outdated.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const document = await withSession({ ...options, sources: "none" }, context, findOutdated);
    return { exitCode: 0, document, text: showOutdated(document, coloursFor(process.stdout)) };
  },
});
