import { defineCommand } from "../../cli/define.ts";
import {
  allOrNothingOption,
  overrideOptions,
  servicesPositional,
  waitMergeOption,
} from "../../cli/options.ts";

/** `slipway promote`: deploys the image of one stack to another, without a build. */
export const promoteCommand = defineCommand({
  command: "promote [services..]",
  describe: "Deploy one stack's image to another without a build",
  examples: [
    ["promote --from staging --to prod", "Promote what runs on staging, for all services"],
    ["promote ui --from staging --to prod --release v1.2.3", "Promote one release of one service"],
    [
      "promote --from dev --to prod --checked-out --version v1.2.3",
      "Promote what dev built from the local source",
    ],
    ["promote --from staging --to prod --dry-run", "Show what would change on prod"],
  ],
  positionals: { services: servicesPositional },
  options: {
    from: { type: "string", demandOption: true, requiresArg: true, describe: "Stack to promote from" },
    to: { type: "string", demandOption: true, requiresArg: true, describe: "Stack to promote to" },
    release: {
      type: "string",
      requiresArg: true,
      describe:
        "Release to promote: id, tag, commit or digest; default: the one that runs on the --from stack",
    },
    "checked-out": {
      type: "boolean",
      // No default: yargs would treat it as given, and as a conflict with --release.
      conflicts: "release",
      describe:
        "Promote the image that was built from the local source, for example of a tag that you checked out",
    },
    version: {
      type: "string",
      requiresArg: true,
      describe:
        "Version for the image tags; default: TAG, the git tag v* of the commit (--checked-out), or the release's version",
    },
    unproven: {
      type: "boolean",
      default: false,
      describe:
        "Promote an image even if it has no successful release there (otherwise refused with exit code 3)",
    },
    "all-or-nothing": allOrNothingOption,
    force: {
      type: "boolean",
      default: false,
      describe: "Promote even if a newer commit was released there (otherwise refused with exit code 3)",
    },
    ...overrideOptions,
    "wait-merge": waitMergeOption,
    "dry-run": { type: "boolean", default: false, describe: "Show what would change, and change nothing" },
  },
  run: async (options, context) => {
    const [
      { withSession },
      operation,
      { exitCodeOf },
      { showMoved, showTagged, staysThere },
      { exitCodeOfDryRun },
      { movedJob },
      { coloursFor },
      { overrideOf },
    ] = await Promise.all([
      import("../../session/session.ts"),
      import("./promote.ts"),
      import("../../move/outcome.ts"),
      import("../../move/show.ts"),
      import("../../move/releases.ts"),
      import("../../move/job.ts"),
      import("../../report/colours.ts"),
      import("../../cli/override.ts"),
    ]);
    const { services, from, to } = options;
    const checkedOut = options["checked-out"] ?? false;
    const version = (options.version ?? process.env.TAG) || undefined;
    const { release, unproven, force } = options;
    const allOrNothing = options["all-or-nothing"];
    const request = {
      release,
      unproven,
      checkedOut,
      version,
      force,
      allOrNothing,
      override: overrideOf(options),
      waitMerge: options["wait-merge"],
    };
    // Reading ECS and Lambda needs credentials of the stack's own account.
    const imagesOnly = checkedOut || release !== undefined;
    const origin = { services, stack: from, sources: checkedOut ? "chosen" : "none", imagesOnly } as const;
    const document = await withSession(origin, context, (source) =>
      withSession({ services, stack: to, sources: "none" }, context, async (target) => {
        const prepared = await operation.preparePromotion(source, target, request);
        if (options["dry-run"]) return operation.documentOfPromotion(source, target, prepared, request);
        return operation.promote(source, target, prepared, request);
      }),
    );
    const words = { done: `Promoted from ${from} to`, would: `Would promote from ${from} to` };
    const exitCode =
      document.outcome === "planned" ? exitCodeOfDryRun(document) : exitCodeOf(document.outcome);
    const moved = showMoved(document, words, coloursFor(process.stdout));
    const staying = document.copied.flatMap((one) => staysThere(one.service, one.staying) ?? []);
    const text = [moved, ...showTagged(to, document.copied), ...staying].join("\n");
    return { exitCode, document, text, job: () => movedJob("promote", { exitCode, document, text }) };
  },
});
