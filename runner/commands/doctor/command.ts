import { defineCommand } from "../../cli/define.ts";
import { stackOption } from "../../cli/options.ts";

/** `slipway doctor`: whether this machine and these credentials can deploy. */
export const doctorCommand = defineCommand({
  command: "doctor",
  describe: "Check what a deployment needs: tools, builder, credentials, registry",
  examples: [
    ["doctor", "Check this machine, and the only stack there is"],
    ["doctor --stack prod", "Check for a stack: its account, region, registry and builder"],
    ["doctor --ci --stack prod", "In a pipeline: which permission is missing, and what else it needs"],
  ],
  options: {
    stack: stackOption,
    ci: {
      type: "boolean",
      default: false,
      describe: "Check what a pipeline needs, too: its token, permissions, history, Pulumi's state",
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
