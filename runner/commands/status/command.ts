import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption, verboseOption } from "../../cli/options.ts";

/** `slipway status`: shows what runs, its health, and whether it matches the source. */
export const statusCommand = defineCommand({
  command: "status [services..]",
  describe: "Show what runs, its health, and if it is the newest",
  examples: [
    ["status --stack dev", "Show all services of a stack"],
    ["status ui --stack prod --output json", "Show one service as JSON"],
  ],
  positionals: { services: servicesPositional },
  options: { stack: stackOption, verbose: verboseOption },
  run: async (options, context) => {
    const [{ withSession }, { readStatus }, { showStatus }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("./status.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const document = await withSession({ ...options, sources: "none" }, context, readStatus);
    const how = { now: new Date(), verbose: options.verbose };
    return { exitCode: 0, document, text: showStatus(document, coloursFor(process.stdout), how) };
  },
});
