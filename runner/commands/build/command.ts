import { defineCommand } from "../../cli/define.ts";
import { allOption, commentOption, servicesPositional, sinceOption, stackOption } from "../../cli/options.ts";

/** `slipway build`: builds and checks images without pushing them, for pull requests. */
export const buildCommand = defineCommand({
  command: "build [services..]",
  describe: "Build and check images without credentials or a push",
  examples: [
    ["build --since origin/main...", "Build what a pull request changed"],
    ["build ui --stack dev", "One service"],
    ["build --since origin/main... --push-pr 12", "Also push it as pr-12; needs credentials"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: sinceOption,
    all: allOption,
    "push-pr": {
      type: "string",
      requiresArg: true,
      describe: "Push the images with the tag pr-<number>, for the pull request of this number",
    },
    comment: commentOption,
  },
  run: async (options, context) => {
    const [{ buildForReview }, { showBuild }, { presentBuild }, { coloursFor }] = await Promise.all([
      import("./build.ts"),
      import("./show.ts"),
      import("./job.ts"),
      import("../../report/colours.ts"),
    ]);
    const document = await buildForReview({ ...options, pushPr: options["push-pr"] }, context);
    for (const { service, warnings } of document.services) {
      for (const { rule, line, message } of warnings) {
        const place = line === undefined ? "" : ` line ${line}`;
        context.emit({
          kind: "warning",
          code: "dockerfile-check",
          message: `the Dockerfile of ${service}${place}: ${message} (${rule})`,
        });
      }
    }
    const text = showBuild(document, coloursFor(process.stdout));
    return {
      exitCode: document.outcome === "done" ? 0 : 1,
      document,
      text,
      job: () => presentBuild(document),
    };
  },
});
