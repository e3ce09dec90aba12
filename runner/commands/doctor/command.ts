import { defineCommand } from "../../cli/define.ts";
import { stackOption } from "../../cli/options.ts";

/** `slipway doctor`: checks whether this machine and these credentials can deploy. */
export const doctorCommand = defineCommand({
  command: "doctor",
  describe: "Check tools, credentials and registry for a deployment",
  examples: [
    ["doctor", "Check this machine and the only stack"],
    ["doctor --stack prod", "Check the account, region, registry and builder of a stack"],
    ["doctor --ci --stack prod", "In a pipeline: show which permissions are missing, and what else it needs"],
  ],
  options: {
    stack: stackOption,
    ci: {
      type: "boolean",
      default: false,
      describe: "Also check what a pipeline needs: its token, permissions, git history and Pulumi state",
    },
  },
  run: async (options, context) => {
    const [{ examine }, { showChecks }, { coloursFor }] = await Promise.all([
      import("./examine.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const document = await examine(options.stack, { ci: options.ci }, context);
    const failed = document.checks.some(({ state }) => state === "fail");
    return {
      exitCode: failed ? 1 : 0,
      document,
      text: showChecks(document.checks, coloursFor(process.stdout)),
    };
  },
});
