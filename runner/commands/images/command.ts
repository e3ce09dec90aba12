import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway images`: what is in the repositories, how large it is, and what needs it. */
export const imagesCommand = defineCommand({
  command: "images [services..]",
  describe: "Show the images in the registry: size, platforms, tags, age, and what runs them",
  examples: [
    ["images --stack dev", "The newest images of all services"],
    ["images ui --stack prod --limit 0", "All images of one service"],
    ["images ui --stack prod --output json", "The same as data, with every tag"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    limit: {
      type: "number",
      default: 20,
      requiresArg: true,
      describe: "Images to show of each service, the newest; 0: all",
    },
    "all-tags": {
      type: "boolean",
      default: false,
      describe: "Show Slipway's own tags, too (src-, inuse-, lastgood-)",
    },
  },
  run: async (options, context) => {
    const [{ withSession }, { listImages }, { showImages }, { coloursFor }, { UserError }] =
      await Promise.all([
        import("../../session/session.ts"),
        import("./list.ts"),
        import("./show.ts"),
        import("../../report/colours.ts"),
        import("../../../config/problems/errors.ts"),
      ]);
    const { limit } = options;
    if (!Number.isInteger(limit) || limit < 0) {
      throw new UserError({
        code: "usage",
        where: "--limit",
        value: limit,
        message: "is not a number of images",
        fix: "give a whole number; 0 shows all of them",
      });
    }
    const document = await withSession(options, context, (session) => listImages(session, limit));
    const how = { allTags: options["all-tags"], now: new Date() };
    return { exitCode: 0, document, text: showImages(document, coloursFor(process.stdout), how) };
  },
});
