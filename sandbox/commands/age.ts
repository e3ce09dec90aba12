import { type DefinedCommand, defineCommand } from "../../runner/cli/define.ts";

const days = { type: "number", requiresArg: true } as const;

/** `slipway sandbox age`: what was pushed today, as if it had been pushed long ago. */
export const ageCommand: DefinedCommand = defineCommand({
  command: "age <repository>",
  describe: "Give images of the local AWS a push date in the past, to see what lifecycle policies do",
  examples: [
    ["sandbox age shop/ui --over 365", "as if its images had been pushed one by one over the last year"],
    ["sandbox age shop/ui --days 90", "all of them were pushed 90 days ago"],
    [
      "sandbox age shop/ui --days 400 --image v1.0.0 --pulled-days 10",
      "one image was pushed 400 days ago, and last pulled 10 days ago",
    ],
  ],
  positionals: {
    repository: { type: "string", demandOption: true, describe: "Name of the repository, with its prefix" },
  },
  options: {
    days: { ...days, describe: "Days since the push" },
    over: { ...days, describe: "Days over which the pushes are spread evenly, in their order" },
    image: {
      type: "string",
      requiresArg: true,
      describe: "Tag or digest of one image, with --days; default: all images of the repository",
    },
    "pulled-days": { ...days, describe: "Days since the last pull, with --days; default: never pulled" },
  },
  async run({ repository, days, over, image, "pulled-days": pulledDays }, { directory: root, signal }) {
    const [{ ageSandboxImages, imagesOf }, { describeAged }] = await Promise.all([
      import("../age.ts"),
      import("./text.ts"),
    ]);
    const images = imagesOf({ days, over, image, pulledDays });
    const aged = await ageSandboxImages({ repository, images }, { root, signal });
    return { exitCode: 0, document: aged, text: describeAged(repository, aged) };
  },
});
