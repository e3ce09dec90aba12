import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway history`: shows the releases, how they ended, and which one runs. */
export const historyCommand = defineCommand({
  command: "history [services..]",
  describe: "Show releases: when, what, outcome, which one runs",
  examples: [
    ["history --stack prod", "Show the last ten releases of every service"],
    ["history ui --stack prod --limit 50", "Show up to 50 releases of one service"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    limit: {
      type: "number",
      default: 10,
      requiresArg: true,
      describe: "Number of releases to show for each service",
    },
  },
  run: async (options, context) => {
    const { limit } = options;
    if (!Number.isInteger(limit) || limit < 1) {
      const { UserError } = await import("../../../config/problems/errors.ts");
      throw new UserError({
        code: "invalid-limit",
        where: "--limit",
        value: options.limit,
        message: "is not a valid number of releases",
        fix: "give a whole number, 1 or more",
      });
    }
    const [{ withSession }, { readHistory }, { showHistory }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("./history.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const selection = { ...options, sources: "none" } as const;
    const document = await withSession(selection, context, (session) => readHistory(session, limit));
    return { exitCode: 0, document, text: showHistory(document, coloursFor(process.stdout), new Date()) };
  },
});
