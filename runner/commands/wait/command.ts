import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway wait`: follows what is under way to its end. */
export const waitCommand = defineCommand({
  command: "wait [services..]",
  describe: "Follow deployments that are under way, whoever began them, to their end",
  examples: [
    ["wait --stack prod", "Until nothing is under way on the stack"],
    ["wait ui --stack dev", "One service; exits with 1 when its deployment fails or is rolled back"],
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
    const document = await withSession(options, context, waitForTargets);
    return {
      exitCode: exitCodeOf(document.outcome),
      document,
      text: showWait(document, coloursFor(process.stdout)),
    };
  },
});
