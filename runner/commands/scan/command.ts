import { defineCommand } from "../../cli/define.ts";
import { commentOption, servicesPositional, stackOption, verboseOption } from "../../cli/options.ts";

/** `slipway scan`: shows the findings of images, and what the gate of the stack would make of them. */
export const scanCommand = defineCommand({
  command: "scan [services..]",
  describe: "Show the known vulnerabilities of images, by platform",
  examples: [
    ["scan --stack dev", "Scan the newest released image of each service"],
    ["scan ui --stack prod --image v1.2.3", "Scan one image, by tag or digest"],
    ["scan --stack prod --in-use --fail-on HIGH", "Exit with code 3 if what runs has a finding like this"],
    ["scan --stack prod --in-use", "Scan every image that the stack's targets run"],
    ["scan --stack prod --sarif scan.sarif", "Write the findings for GitHub's code scanning as well"],
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
    sarif: {
      type: "string",
      requiresArg: true,
      describe: "Also write the findings to this file, in SARIF 2.1.0, for GitHub's code scanning",
    },
    comment: commentOption,
    verbose: verboseOption,
  },
  run: async (options, context) => {
    const [{ withSession }, { scanServices }, { showScan }, { presentScan }, { coloursFor }] =
      await Promise.all([
        import("../../session/session.ts"),
        import("./scan.ts"),
        import("./show.ts"),
        import("./job.ts"),
        import("../../report/colours.ts"),
      ]);
    const request = { image: options.image, inUse: options["in-use"], failOn: options["fail-on"] };
    const document = await withSession({ ...options, sources: "none" }, context, async (session) => {
      const found = await scanServices(session, request);
      if (options.sarif === undefined) return found;
      const { writeSarif } = await import("./write-sarif.ts");
      return { ...found, sarif: await writeSarif(found, options.sarif, session, process.env) };
    });
    return {
      exitCode: document.outcome === "refused" ? 3 : 0,
      document,
      text: showScan(document, coloursFor(process.stdout), options.verbose),
      job: () => presentScan(document),
    };
  },
});
