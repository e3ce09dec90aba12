import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway diff`: what two releases differ in, or one and what runs, or the source here. */
export const diffCommand = defineCommand({
  command: "diff <before> <after> [services..]",
  describe: "Show what two releases differ in: commit, image, sizes, task definition, function",
  examples: [
    ["diff v1.2.2 v1.2.3 ui --stack prod", "Two releases of one service, by their tags"],
    ["diff live HEAD --stack prod", "What runs, and the source here"],
  ],
  positionals: {
    before: {
      type: "string",
      demandOption: true,
      describe: "Release (id, tag, commit or digest), live for what runs, HEAD for the source here",
    },
    after: { type: "string", demandOption: true, describe: "The same, for the other side" },
    services: servicesPositional,
  },
  options: {
    stack: stackOption,
    "exit-code": { type: "boolean", default: false, describe: "Exit with 1 when there are differences" },
  },
  run: async (options, context) => {
    const [{ withSession }, { diffReleases, here }, { showDiff }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("./diff.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const { before, after } = options;
    const sources = before === here || after === here;
    const document = await withSession({ ...options, sources }, context, (session) =>
      diffReleases(session, before, after),
    );
    const differs = document.services.some(({ same }) => !same);
    return {
      exitCode: options["exit-code"] && differs ? 1 : 0,
      document,
      text: showDiff(document, coloursFor(process.stdout)),
    };
  },
});
