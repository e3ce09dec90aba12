import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway wait`: follows deployments in progress to their end. */
export const waitCommand = defineCommand({
  command: "wait [services..]",
  describe: "Wait until the deployments in progress have ended",
  examples: [
    ["wait --stack prod", "Wait until no deployment is in progress on the stack"],
    [
      "wait ui --stack dev",
      "Wait for one service; exit with code 1 if its deployment fails or is rolled back",
    ],
  ],
  positionals: { services: servicesPositional },
  options: { stack: stackOption },
  run: async (options, context) => {
    const [{ withSession }, { waitForTargets }, { showWait }, { exitCodeOf }, { coloursFor }] =
      await Promise.all([
        import("../../session/session.ts"),
        import("./wait.ts"),
        import("./show.ts"),
        import("../../move/outcome.ts"),
        import("../../report/colours.ts"),
      ]);
    const document = await withSession({ ...options, sources: "none" }, context, waitForTargets);
    return {
      exitCode: exitCodeOf(document.outcome),
      document,
      text: showWait(document, coloursFor(process.stdout)),
    };
  },
});
