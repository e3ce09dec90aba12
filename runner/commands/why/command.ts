import { defineCommand } from "../../cli/define.ts";
import { sinceOption, stackOption } from "../../cli/options.ts";

/** `slipway why`: shows what changed in the source of a service. */
export const whyCommand = defineCommand({
  command: "why <service>",
  describe: "Show which files and base images cause a rebuild",
  examples: [
    ["why ui --stack dev", "Compare with the image released last, or else with the newest one"],
    ["why ui --since origin/main", "Compare with a commit; needs no credentials"],
  ],
  positionals: {
    service: { type: "string", demandOption: true, describe: "Name of the service in services.yaml" },
  },
  options: {
    stack: stackOption,
    since: { ...sinceOption, describe: "Compare with this commit, branch or tag" },
  },
  run: async ({ service, stack, since }, context) => {
    const [{ explainChange }, { showWhy }] = await Promise.all([import("./why.ts"), import("./show.ts")]);
    const document = await explainChange({ service, stack, since }, context);
    return { exitCode: 0, document, text: showWhy(document) };
  },
});
