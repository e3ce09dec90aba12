import { defineCommand } from "../../runner/cli/define.ts";

/** `slipway demo`: the whole of Slipway as a story, on the sandbox. */
export const demoCommand = defineCommand({
  command: "demo",
  describe: "Bring up a local AWS and tell the whole story on it: build, push, run, change, break, roll back",
  examples: [
    ["demo", "The story; the first time it also brings what is missing, which takes some minutes"],
    ["demo --down", "The same, and take the local AWS down at the end"],
  ],
  options: {
    down: { type: "boolean", default: false, describe: "Take the sandbox down at the end" },
  },
  run: async (options, context) => {
    const { runDemo } = await import("../demo/demo.ts");
    return runDemo(context, { down: options.down });
  },
});
