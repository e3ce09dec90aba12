import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption, verboseOption } from "../../cli/options.ts";

/** `slipway scan`: shows the findings of images, and what the gate of the stack would make of them. */
export const scanCommand = defineCommand({
  command: "scan [services..]",
  describe: "Show the known vulnerabilities of images, by platform",
  examples: [
    ["scan --stack dev", "Scan the newest released image of each service"],
    ["scan ui --stack prod --image v1.2.3", "Scan one image, by tag or digest"],
    ["scan --stack prod --in-use --fail-on HIGH", "Exit with code 3 if what runs has a finding like this"],
    ["scan --stack prod --in-use", "Scan every image that the stack's targets run"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    image: {
      type: "string",
      requiresArg: true,
      describe:
        "Tag or digest of the image, in each service's repository; default: the newest released image",
    },
    "in-use": {
      type: "boolean",
      default: false,
      describe: "Scan every image that the services' targets run, instead of one for each service",
    },
    "fail-on": {
      type: "string",
      requiresArg: true,
      choices: ["CRITICAL", "HIGH", "MEDIUM", "LOW"],
      describe:
        "Exit with code 3 for a finding of this severity or worse without a waiver, or no scan result",
    },
    verbose: verboseOption,
  },
  run: async (options, context) => {
    const [{ withSession }, { scanServices }, { showScan }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("./scan.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const request = { image: options.image, inUse: options["in-use"], failOn: options["fail-on"] };
    const document = await withSession({ ...options, sources: "none" }, context, (session) =>
      scanServices(session, request),
    );
    return {
      exitCode: document.outcome === "refused" ? 3 : 0,
      document,
      text: showScan(document, coloursFor(process.stdout), options.verbose),
    };
  },
});
