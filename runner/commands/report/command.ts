import { defineCommand, defineGroup } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

/** `slipway report validation`: a page on a deployment that others can check. */
const validation = defineCommand({
  command: "validation [services..]",
  describe: "Print what was checked of a deployment: each check, its verdict, its evidence, how to repeat it",
  examples: [
    ["report validation --stack prod", "Print a page on the newest release of each service, in Markdown"],
    ["report validation ui --stack prod --release v1.2.3", "Print a page on one release"],
    ["report validation --stack prod --output json", "Print the same as JSON"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    release: {
      type: "string",
      requiresArg: true,
      describe: "Id, tag, commit or digest of a release; default: the newest release of each service",
    },
  },
  run: async (options, context) => {
    const [{ withSession }, { readValidation }, { validationMarkdown }] = await Promise.all([
      import("../../session/session.ts"),
      import("./validation.ts"),
      import("./markdown.ts"),
    ]);
    const document = await withSession({ ...options, sources: "none" }, context, (session) =>
      readValidation(session, options.release),
    );
    const text = validationMarkdown(document);
    return {
      exitCode: 0,
      document,
      text,
      job: () => ({
        stack: document.stack,
        summary: text,
        outputs: { outcome: document.outcome },
        problems: [],
      }),
    };
  },
});

export const reportCommand = defineGroup({
  command: "report",
  describe: "Print reports on deployments",
  commands: [validation],
});
