import { defineCommand } from "../../runner/cli/define.ts";

/** `slipway demo`: shows all of Slipway on the sandbox. */
export const demoCommand = defineCommand({
  command: "demo",
  describe: "Show Slipway on a local AWS: build, push, run, change, break, roll back",
  examples: [
    ["demo", "Run the demo; the first run also fetches missing tools, which takes some minutes"],
    ["demo --down", "Run the demo and stop the local AWS at the end"],
  ],
  options: {
    down: { type: "boolean", default: false, describe: "Stop the sandbox at the end" },
  },
  run: async (options, context) => {
    const { runDemo } = await import("../demo/demo.ts");
    return runDemo(context, { down: options.down });
  },
});
