import { defineCommand, defineGroup } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway waivers`: what waivers.yaml accepts, for other tools. */
export const waiversCommand = defineGroup({
  command: "waivers",
  describe: "Export waivers.yaml for other tools",
  commands: [
    defineCommand({
      command: "export [services..]",
      describe: "Print the waivers that count as OpenVEX, .trivyignore.yaml or .grype.yaml",
      examples: [
        ["waivers export --format openvex --stack prod > openvex.json", "Write what VEX readers take"],
        [
          "waivers export ui --format trivy --stack prod > .trivyignore.yaml",
          "Write what Trivy takes, for one service",
        ],
      ],
      positionals: { services: servicesPositional },
      options: {
        stack: stackOption,
        format: {
          type: "string",
          requiresArg: true,
          demandOption: true,
          choices: ["openvex", "trivy", "grype"],
          describe:
            "Format to print; of trivy and grype, only waivers that count for every named service, as their files know no services",
        },
      },
      run: async (options, context) => {
        const { exportWaivers } = await import("./export.ts");
        return exportWaivers(options, context);
      },
    }),
  ],
});
