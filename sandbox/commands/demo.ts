import { defineCommand } from "../../runner/cli/define.ts";

/** `slipway demo`: shows all of Slipway on the sandbox. */
export const demoCommand = defineCommand({
  command: "demo",
  describe: "Show Slipway on a local AWS: build, push, run, change, break, roll back",
  examples: [
    ["demo", "Run the demo; the first run also fetches missing tools, which takes some minutes"],
    ["demo --down", "Run the demo and stop the local AWS at the end"],
    ["demo --chapter lifecycle", "Show only a year of a repository, and what lifecycle policies take of it"],
    ["demo --chapter gates", "Show only how a gate stops an image with a known vulnerability"],
  ],
  options: {
    down: { type: "boolean", default: false, describe: "Stop the sandbox at the end" },
    chapter: {
      choices: ["gates", "lifecycle"],
      requiresArg: true,
      describe:
        "Show only this chapter; gates gets the scanner Grype first, or builds it, which takes minutes",
    },
  },
  run: async (options, context) => {
    const { runDemo } = await import("../demo/demo.ts");
    return runDemo(context, {
      down: options.down,
      chapter: options.chapter as "gates" | "lifecycle" | undefined,
    });
  },
});
