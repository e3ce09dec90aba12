import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, sinceOption, stackOption, verboseOption } from "../../cli/options.ts";

/** `slipway changed`: shows which services a pipeline must build, and why. */
export const changedCommand = defineCommand({
  command: "changed [services..]",
  describe: "Show which services changed, and why",
  examples: [
    ["changed --stack dev", "Show which sources have no image in the registry yet"],
    ["changed --since origin/main...", "Show what a branch changed; needs no credentials"],
    ["changed --since $BEFORE --output github", "Write a GitHub workflow matrix, and set step outputs"],
    ["changed ui orders --all --output github", "Write a matrix of these services, changed or not"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: sinceOption,
    all: { type: "boolean", default: false, describe: "Treat every selected service as changed" },
    verbose: verboseOption,
    output: {
      choices: ["text", "json", "github"] as const,
      default: "text" as const,
      requiresArg: true,
      describe: "github: print the matrix on one line, and set the step outputs services, matrix and any",
    },
  },
  run: async (options, context) => {
    const [{ findChanged }, { githubOutputs, showChanged }] = await Promise.all([
      import("./changed.ts"),
      import("./show.ts"),
    ]);
    const document = await findChanged(options, context);
    if (options.output !== "github")
      return { exitCode: 0, document, text: showChanged(document, options.verbose) };
    const { setStepOutputs } = await import("../../github/step-files.ts");
    await setStepOutputs(process.env, githubOutputs(document));
    return { exitCode: 0, document, text: JSON.stringify(document.matrix) };
  },
});
