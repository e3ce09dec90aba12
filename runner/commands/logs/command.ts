import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway logs`: what services and functions log, together and in order. */
export const logsCommand = defineCommand({
  command: "logs [services..]",
  describe: "Show what services and functions log, together and in order",
  examples: [
    ["logs ui --stack dev", "The last lines of one service"],
    ["logs ui orders --stack dev --follow", "Lines of two services as they come, until Ctrl-C"],
    [
      "logs --stack prod --since 2h --filter ERROR --lines 500",
      "Errors of all services in the last two hours",
    ],
    ["logs ui --stack dev --follow --output json", "One JSON object a line"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: {
      type: "string",
      default: "10m",
      requiresArg: true,
      describe: "From when on: 90s, 10m, 2h, 1d ago, or a time as in 2026-01-31T12:00:00Z",
    },
    follow: { alias: "f", type: "boolean", default: false, describe: "Go on with lines as they come" },
    filter: {
      type: "string",
      requiresArg: true,
      describe:
        "Only lines that match this CloudWatch filter pattern: ERROR, '\"GET /\"', '{ $.level = 50 }'",
    },
    lines: {
      alias: "n",
      type: "number",
      default: 100,
      requiresArg: true,
      describe: "How many of the lines that there are: the newest, of all services together",
    },
  },
  run: async ({ since, follow, filter, lines, ...selection }, context) => {
    const [{ withSession }, { showLogs }, { parseSince, wholeLines }, { coloursFor }, { write }] =
      await Promise.all([
        import("../../session/session.ts"),
        import("./logs.ts"),
        import("./query.ts"),
        import("../../report/colours.ts"),
        import("../../report/write.ts"),
      ]);
    const query = { since: parseSince(since, new Date()), filter, lines: wholeLines(lines) };
    // A reader that has left (`| head`) ends following as Ctrl-C does.
    const left = new AbortController();
    process.stdout.once("error", () => left.abort());
    const signal = AbortSignal.any([context.signal, left.signal]);
    const shown = await withSession(selection, { ...context, signal }, (session) =>
      showLogs(session, {
        ...query,
        colours: coloursFor(process.stdout),
        ...(follow
          ? { follow: { output: context.output, print: (text: string) => write(process.stdout, text) } }
          : {}),
      }),
    );
    const { document, text, readable } = shown;
    return { exitCode: readable ? 0 : 1, document, text };
  },
});
