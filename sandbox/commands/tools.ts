import { type DefinedCommand, defineCommand } from "../../runner/cli/define.ts";

/** `slipway sandbox tools`: what `up` would fetch, told beforehand. */
export const toolsCommand: DefinedCommand = defineCommand({
  command: "tools",
  describe: "Show where each tool is, or where it would come from and why; changes nothing",
  examples: [
    ["sandbox tools", "what the machine has, what would be downloaded, what would be built"],
    ["sandbox tools --output json", "the same as one document, with what was passed over and why"],
  ],
  async run(_options, { signal }) {
    const [{ toolchainStatus }, { describePlan }] = await Promise.all([
      import("../toolchain/status.ts"),
      import("../toolchain/plan.ts"),
    ]);
    const plans = await toolchainStatus({ signal });
    const missing = plans.some(({ kind }) => kind === "missing");
    return {
      exitCode: missing ? 1 : 0,
      document: { tools: plans },
      text: plans.map(describePlan).join("\n"),
    };
  },
});
