import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, sinceOption, stackOption } from "../../cli/options.ts";

/** `slipway changed`: which services a pipeline has to build, and why. */
export const changedCommand = defineCommand({
  command: "changed [services..]",
  describe: "Say which services changed, and why: against the registry, or since a commit",
  examples: [
    ["changed --stack dev", "What the registry does not have yet"],
    ["changed --since origin/main...", "What a branch changed; needs no credentials"],
    ["changed --since $BEFORE --output github", "The matrix of a GitHub workflow, as step outputs, too"],
    ["changed ui orders --all --output github", "A matrix of these, changed or not"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: sinceOption,
    all: { type: "boolean", default: false, describe: "Count every service that was chosen as changed" },
    output: {
      choices: ["text", "json", "github"] as const,
      default: "text" as const,
      requiresArg: true,
      describe: "github: the matrix as one line, and services, matrix and any as outputs of the step",
    },
  },
  run: async (options, context) => {
    const [{ findChanged }, { githubOutputs, showChanged }] = await Promise.all([
      import("./changed.ts"),
      import("./show.ts"),
    ]);
    const document = await findChanged(options, context);
    if (options.output !== "github") return { exitCode: 0, document, text: showChanged(document) };
    const { setStepOutputs } = await import("../../github/step-files.ts");
    await setStepOutputs(process.env, githubOutputs(document));
    return { exitCode: 0, document, text: JSON.stringify(document.matrix) };
  },
});
