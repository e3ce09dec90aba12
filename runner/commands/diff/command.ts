import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway diff`: compares two releases, or a release with what runs or with the local source. */
export const diffCommand = defineCommand({
  command: "diff <before> <after> [services..]",
  describe: "Compare commit, image and settings of two releases",
  examples: [
    ["diff v1.2.2 v1.2.3 ui --stack prod", "Compare two releases of one service by their tags"],
    ["diff live HEAD --stack prod", "Compare what runs with the local source"],
  ],
  positionals: {
    before: {
      type: "string",
      demandOption: true,
      describe: "A release (id, tag, commit or digest), live (what runs) or HEAD (the local source)",
    },
    after: { type: "string", demandOption: true, describe: "What to compare it with, in the same form" },
    services: servicesPositional,
  },
  options: {
    stack: stackOption,
    "exit-code": { type: "boolean", default: false, describe: "Exit with code 1 if there are differences" },
  },
  run: async (options, context) => {
    const [{ withSession }, { diffReleases, here }, { showDiff }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("./diff.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const { before, after } = options;
    const sources = before === here || after === here ? "chosen" : "none";
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
