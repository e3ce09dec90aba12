import { defineCommand } from "../../cli/define.ts";
import { sinceOption, stackOption } from "../../cli/options.ts";

/** `slipway why`: what changed in what a service's build reads. */
export const whyCommand = defineCommand({
  command: "why <service>",
  describe: "Name the files, arguments and base images that changed, and make a service be built",
  examples: [
    ["why ui --stack dev", "Since the image that was released last, or else the newest one"],
    ["why ui --since origin/main", "Since a commit; needs no credentials"],
  ],
  positionals: {
    service: { type: "string", demandOption: true, describe: "The service, by its name in services.yaml" },
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
