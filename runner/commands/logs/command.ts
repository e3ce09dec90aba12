import { defineCommand } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway logs`: shows the logs of services and functions in order of time. */
export const logsCommand = defineCommand({
  command: "logs [services..]",
  describe: "Show logs of ECS services and Lambda functions",
  examples: [
    ["logs ui --stack dev", "Show the last lines of one service"],
    ["logs ui orders --stack dev --follow", "Follow two services until Ctrl-C"],
    [
      "logs --stack prod --since 2h --filter ERROR --lines 500",
      "Show the errors of all services in the last two hours",
    ],
    ["logs ui --stack dev --follow --output json", "Print one JSON object per line"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    since: {
      type: "string",
      default: "10m",
      requiresArg: true,
      describe: "Show lines since a duration ago (90s, 10m, 2h, 1d) or a time (2026-01-31T12:00:00Z)",
    },
    follow: { alias: "f", type: "boolean", default: false, describe: "Keep showing new lines until Ctrl-C" },
    filter: {
      type: "string",
      requiresArg: true,
      describe:
        "Show only lines that match a CloudWatch filter pattern: ERROR, '\"GET /\"', '{ $.level = 50 }'",
    },
    lines: {
      alias: "n",
      type: "number",
      default: 100,
      requiresArg: true,
      describe: "Number of existing lines to show, newest last, across all services",
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
    // A closed pipe (`| head`) ends following, as Ctrl-C does.
    const left = new AbortController();
    process.stdout.once("error", () => left.abort());
    const signal = AbortSignal.any([context.signal, left.signal]);
    const shown = await withSession({ ...selection, sources: "none" }, { ...context, signal }, (session) =>
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
