import { type DefinedCommand, defineCommand, defineGroup } from "../../runner/cli/define.ts";
import { ageCommand } from "./age.ts";
import { toolsCommand } from "./tools.ts";

const up = defineCommand({
  command: "up",
  describe: "Start a local AWS, or repair it; fetch missing tools",
  examples: [
    ["sandbox up", "the first run fetches or builds tools and takes minutes; later runs take seconds"],
    ["sandbox up --nodes 1", "one BuildKit daemon for both platforms instead of one for each"],
  ],
  options: {
    nodes: {
      choices: [1, 2],
      requiresArg: true,
      describe:
        "Number of BuildKit daemons: 1 for both platforms, or 2, one for each; default: as before, at first 2",
    },
  },
  async run(options, { directory: root, emit, signal }) {
    const [{ bringUp }, { describeUp }] = await Promise.all([import("../up.ts"), import("./text.ts")]);
    const nodes = options.nodes === 1 || options.nodes === 2 ? { nodes: options.nodes } : {};
    const state = await bringUp({ root, emit, signal, ...nodes });
    return { exitCode: 0, document: state, text: describeUp(state) };
  },
});

const down = defineCommand({
  command: "down",
  describe: "Stop the local AWS; the next up finds what was deployed",
  examples: [["sandbox down", "leaves no process, container, network, mount or port"]],
  async run(_options, { directory: root, emit, signal }) {
    const { takeDown } = await import("../down.ts");
    const result = await takeDown({ root, emit, signal });
    const text = result.wasUp ? "The sandbox is down." : "The sandbox was not up.";
    return { exitCode: 0, document: result, text };
  },
});

const status = defineCommand({
  command: "status",
  describe: "Show every part: health, version, origin, address, process, log",
  examples: [
    ["sandbox status", "a table; exit code 1 if a part is broken"],
    ["sandbox status --output json", "the same as one document"],
  ],
  async run(_options, { directory: root }) {
    const [{ inspectSandbox }, { statusTable }] = await Promise.all([
      import("../status.ts"),
      import("./text.ts"),
    ]);
    const found = await inspectSandbox({ root });
    return { exitCode: found.state === "broken" ? 1 : 0, document: found, text: statusTable(found, root) };
  },
});

const reset = defineCommand({
  command: "reset",
  describe: "Empty the emulated account and Pulumi's state; the parts keep running",
  examples: [["sandbox reset", "as if nothing had ever been deployed"]],
  async run(_options, { directory: root, emit, signal }) {
    const { resetSandbox } = await import("../reset.ts");
    await resetSandbox({ root, emit, signal });
    return { exitCode: 0, document: { reset: true }, text: "The sandbox's account is empty." };
  },
});

const env = defineCommand({
  command: "env",
  describe: "Print the variables that let pulumi, docker and aws work in the sandbox",
  examples: [['eval "$(slipway sandbox env)"', "then: pulumi up --stack sandbox"]],
  async run(_options, { directory: root }) {
    const [{ readState }, { sandboxFolder }, { exportLines, sandboxEnvironment }, { UserError }] =
      await Promise.all([
        import("../state.ts"),
        import("../folder.ts"),
        import("../environment.ts"),
        import("../../config/problems/errors.ts"),
      ]);
    const state = await readState(sandboxFolder(root).state);
    if (state === undefined || Object.keys(state.parts).length === 0) {
      throw new UserError({
        code: "sandbox-down",
        message: "the sandbox is not up",
        fix: "slipway sandbox up",
      });
    }
    const variables = sandboxEnvironment(state);
    return { exitCode: 0, document: variables, text: exportLines(variables) };
  },
});

/** `slipway sandbox …`: a local AWS for the demo, the tests and your own trials. */
export const sandboxCommand: DefinedCommand = defineGroup({
  command: "sandbox",
  describe: "Run a local AWS: emulator, Docker, BuildKit, Pulumi",
  commands: [up, down, status, reset, env, ageCommand, toolsCommand],
});
