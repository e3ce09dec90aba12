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
    ["verify ui --run --stack dev", "Start the image of ui on Docker, and ask its health"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    evidence: {
      type: "boolean",
      default: false,
      describe:
        "Check what is attached to the image of each newest release, with the keys of slipway:evidence and slipway:gates.signed",
    },
    run: {
      type: "boolean",
      default: false,
      describe: "Start each image on Docker, ask its health, and remove it; without any secret",
    },
    platform: {
      type: "string",
      requiresArg: true,
      implies: "run",
      describe: "Platform to start; default: that of the machine that Docker runs on",
    },
    "run-timeout": {
      type: "number",
      requiresArg: true,
      default: 120,
      describe: "Seconds until a started image has to be healthy",
    },
    image: {
      type: "string",
      requiresArg: true,
      describe:
        "Image to start or to check the evidence of: tag or digest; default: that of the newest release",
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
      verifyTargets(session, {
        evidence: options.evidence,
        image: options.image,
        run: options.run
          ? { platform: options.platform, image: options.image, timeoutSeconds: options["run-timeout"] }
          : undefined,
      }),
    );
    return {
      // The same exit code as deploy and plan for the same problems.
      exitCode: document.outcome === "failed" ? 2 : 0,
      document,
      text: showVerify(document, coloursFor(process.stdout)),
    };
  },
});
