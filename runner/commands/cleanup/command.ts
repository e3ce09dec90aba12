import { defineCommand, defineGroup } from "../../cli/define.ts";
import { servicesPositional, stackOption } from "../../cli/options.ts";

const everyKind = "untagged,incomplete,evidence,caches,pull-requests,records";

/** `slipway cleanup plan`: what could go, and why. */
const planCommand = defineCommand({
  command: "plan [services..]",
  describe: "Show which images could go, and why; deletes nothing",
  examples: [
    ["cleanup plan --stack dev --out cleanup.json", "Write a plan of everything that nothing needs"],
    ["cleanup plan ui --kinds untagged,incomplete", "Look at one service's untagged images only"],
    [
      "cleanup plan --removed-repositories shop/old --out cleanup.json",
      "Also plan to delete the repository of a service that services.yaml no longer has",
    ],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    out: { type: "string", requiresArg: true, describe: "File to write the plan to, for cleanup apply" },
    kinds: {
      type: "string",
      requiresArg: true,
      default: everyKind,
      defaultDescription: "all of them",
      describe: `Kinds to select, with commas between: ${everyKind.replaceAll(",", ", ")}`,
    },
    "keep-newest": {
      type: "number",
      requiresArg: true,
      default: 10,
      describe: "Newest images of each repository that stay, whatever they are",
    },
    "grace-days": {
      type: "number",
      requiresArg: true,
      default: 7,
      describe: "Days after its push in which nothing goes",
    },
    "despite-blind-spots": {
      type: "boolean",
      default: false,
      describe: "Let images go that were pulled once, although they may run where Slipway does not look",
    },
    "removed-repositories": {
      type: "string",
      requiresArg: true,
      describe: "Repositories of removed services to delete with all their images, with commas between",
    },
  },
  run: async (options, context) => {
    const [
      { withSession },
      { cleanupPlan, writePlan },
      { policyOf },
      { showPlan },
      { coloursFor },
      { resolve },
    ] = await Promise.all([
      import("../../session/session.ts"),
      import("./plan.ts"),
      import("./arguments.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
      import("node:path"),
    ]);
    const policy = policyOf({
      kinds: options.kinds,
      keepNewest: options["keep-newest"],
      graceDays: options["grace-days"],
      despiteBlindSpots: options["despite-blind-spots"],
      removedRepositories: options["removed-repositories"],
    });
    const document = await withSession({ ...options, sources: "none" }, context, (session) =>
      cleanupPlan(session, policy, new Date()),
    );
    if (options.out !== undefined) await writePlan(resolve(options.cwd, options.out), document);
    return { exitCode: 0, document, text: showPlan(document, options.out, coloursFor(process.stdout)) };
  },
});

const planFile = {
  type: "string",
  demandOption: true,
  describe: "File that slipway cleanup plan --out has written",
} as const;

/** `slipway cleanup apply`: deletes what a plan says. */
const applyCommand = defineCommand({
  command: "apply <file>",
  describe: "Delete what a plan says, and record how to bring it back",
  examples: [
    ["cleanup apply cleanup.json", "Delete what the plan says, after a question"],
    ["cleanup apply cleanup.json --yes", "Delete without a question, as a job does"],
  ],
  positionals: { file: planFile },
  options: {
    stack: stackOption,
    yes: { alias: "y", type: "boolean", default: false, describe: "Ask nothing" },
    undo: {
      type: "string",
      requiresArg: true,
      defaultDescription: "the plan's name with .undo.jsonl",
      describe: "File to record in what is deleted",
    },
  },
  run: async (options, context) => {
    const [{ withSession }, { applyCleanup }, { readPlan }, { confirmation }, { showApplied }, rest] =
      await Promise.all([
        import("../../session/session.ts"),
        import("./apply.ts"),
        import("./plan-file.ts"),
        import("./confirm.ts"),
        import("./show.ts"),
        Promise.all([import("../../report/colours.ts"), import("node:path")]),
      ]);
    const [{ coloursFor }, { resolve }] = rest;
    const plan = await readPlan(resolve(options.cwd, options.file), Date.now());
    const confirm = confirmation({ yes: options.yes, output: context.output });
    const undo = options.undo ?? `${options.file.replace(/\.json$/, "")}.undo.jsonl`;
    const selection = {
      services: plan.services,
      stack: options.stack ?? plan.stack,
      sources: "none",
    } as const;
    const document = await withSession(selection, context, async (session) => {
      const request = { file: options.file, plan, undo: resolve(options.cwd, undo), confirm };
      return applyCleanup(session, request);
    });
    const shown = { ...document, undo: document.undo === undefined ? undefined : undo };
    const exitCode = document.notBegun > 0 ? 130 : document.failed.length > 0 ? 1 : 0;
    return { exitCode, document: shown, text: showApplied(shown, coloursFor(process.stdout)) };
  },
});

/** `slipway cleanup undo`: restores what still can be. */
const undoCommand = defineCommand({
  command: "undo <file>",
  describe: "Restore what a clean-up has deleted, as far as ECR still has its layers",
  examples: [["cleanup undo cleanup.undo.jsonl", "Put the manifests back, and their tags"]],
  positionals: {
    file: {
      type: "string",
      demandOption: true,
      describe: "File that slipway cleanup apply has recorded in",
    },
  },
  options: { stack: stackOption },
  run: async (options, context) => {
    const [
      { withSession },
      { undoCleanup },
      { readUndoRecord },
      { showUndone },
      { coloursFor },
      { resolve },
    ] = await Promise.all([
      import("../../session/session.ts"),
      import("./undo.ts"),
      import("./undo-record.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
      import("node:path"),
    ]);
    const record = await readUndoRecord(resolve(options.cwd, options.file));
    const selection = { services: [], stack: options.stack ?? record.head.stack, sources: "none" } as const;
    const document = await withSession(selection, context, (session) =>
      undoCleanup(session, options.file, record),
    );
    const exitCode = document.notBegun > 0 ? 130 : document.notRestored.length > 0 ? 1 : 0;
    return { exitCode, document, text: showUndone(document, coloursFor(process.stdout)) };
  },
});

/** `slipway cleanup`: deletes what nothing needs, by a plan. */
export const cleanupCommand = defineGroup({
  command: "cleanup",
  describe: "Delete images that nothing needs, by a plan, and bring them back",
  commands: [planCommand, applyCommand, undoCommand],
});
