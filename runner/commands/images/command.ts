import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption, verboseOption } from "../../cli/options.ts";

/** `slipway images`: shows the images in the repositories, their size, and what uses them. */
export const imagesCommand = defineCommand({
  command: "images [services..]",
  describe: "List the images in the registry, and what runs them",
  examples: [
    ["images --stack dev", "List the newest images of all services"],
    ["images ui --stack prod --limit 0", "List all images of one service"],
    ["images ui --stack prod --output json", "List them as JSON, with every tag"],
    ["images --in-use --stack prod", "Show what needs which image, and where nobody looked"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    limit: {
      type: "number",
      default: 20,
      requiresArg: true,
      describe: "Number of images to show for each service, newest first; 0 shows all",
    },
    "all-tags": {
      type: "boolean",
      default: false,
      describe: "Also show Slipway's own tags (src-, inuse-, lastgood-)",
    },
    "in-use": {
      type: "boolean",
      default: false,
      describe: "Show only images that something needs, why and how sure that is, and what was searched",
    },
    verbose: verboseOption,
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
        message: "is not a valid number of images",
        fix: "give a whole number; 0 shows all of them",
      });
    }
    const document = await withSession({ ...options, sources: "none" }, context, (session) =>
      listImages(session, limit, options["in-use"]),
    );
    if (options["in-use"]) {
      const { showInUse } = await import("./show-in-use.ts");
      return { exitCode: 0, document, text: showInUse(document, coloursFor(process.stdout)) };
    }
    const how = { allTags: options["all-tags"], now: new Date(), verbose: options.verbose };
    return { exitCode: 0, document, text: showImages(document, coloursFor(process.stdout), how) };
  },
});
