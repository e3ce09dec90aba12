import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway verify`: runs only the pre-flight of a deployment. */
export const verifyCommand = defineCommand({
  command: "verify [services..]",
  describe: "Check the roles, secrets and alarms that targets need",
  examples: [
    ["verify --stack prod", "Check all targets of a stack; change nothing"],
    ["verify ui --stack prod --output json", "Show one service as JSON"],
    ["verify --evidence --stack prod", "Check signatures, provenance and bills of materials as well"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    evidence: {
      type: "boolean",
      default: false,
      describe:
        "Check what is attached to the image of each newest release, with the key of slipway:evidence",
    },
  },
  run: async (options, context) => {
    const [{ withSession }, { verifyTargets }, { showVerify }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("./verify.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const document = await withSession({ ...options, sources: "none" }, context, (session) =>
      verifyTargets(session, options.evidence),
    );
    return {
      // The same exit code as deploy and plan for the same problems.
      exitCode: document.outcome === "failed" ? 2 : 0,
      document,
      text: showVerify(document, coloursFor(process.stdout)),
    };
  },
});
