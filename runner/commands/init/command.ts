import { defineCommand } from "../../cli/define.ts";

/** `slipway init`: writes the project files of a repository, from what it builds and what runs. */
export const initCommand = defineCommand({
  command: "init",
  describe: "Write services.yaml and stack files for this project",
  anywhere: true,
  examples: [
    ["init", "Read Dockerfiles and compose files, and ask the rest"],
    ["init --from-live --stack dev --yes", "Also read targets from ECS and Lambda; ask nothing"],
    ["init --dry-run", "Show the files without writing them"],
  ],
  options: {
    stack: {
      alias: "s",
      type: "string",
      requiresArg: true,
      default: "dev",
      describe: "First stack; prod is written as well",
    },
    region: {
      type: "string",
      requiresArg: true,
      describe: "AWS region; default: AWS_REGION, or the answer to a question",
    },
    "from-live": {
      type: "boolean",
      default: false,
      describe: "Read what runs in ECS and Lambda, in the account of your credentials",
    },
    yes: {
      alias: "y",
      type: "boolean",
      default: false,
      describe: "Ask nothing: take the defaults, and extend an existing services.yaml",
    },
    "dry-run": { type: "boolean", default: false, describe: "Show the files, and write nothing" },
  },
  run: async (options, { directory, emit, signal, output }) => {
    const [{ init }, { askOnTerminal, takeDefaults }, { showInit }, { coloursFor }] = await Promise.all([
      import("./init.ts"),
      import("./ask.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const { env: environment, stdin, stderr } = process;
    const isInteractive = !options.yes && output === "text" && stdin.isTTY === true && stderr.isTTY === true;
    const ask = isInteractive ? await askOnTerminal(environment) : takeDefaults(environment);
    const document = await init(
      {
        directory,
        stack: options.stack,
        region: options.region,
        fromLive: options["from-live"],
        dryRun: options["dry-run"],
        mayExtend: options.yes,
      },
      ask,
      // Prompts and the live list of steps would overwrite each other.
      { emit: isInteractive ? () => {} : emit, signal },
    );
    return { exitCode: 0, document, text: showInit(document, coloursFor(process.stdout)) };
  },
});
