import { defineCommand } from "../../cli/define.ts";
import { allOrNothingOption, servicesPositional } from "../../cli/options.ts";

/** `slipway promote`: the very image that ran well on one stack, brought to another, without a build. */
export const promoteCommand = defineCommand({
  command: "promote [services..]",
  describe: "Bring the very image that runs on one stack to another, without a build",
  examples: [
    ["promote --from staging --to prod", "What runs on staging, all services"],
    ["promote ui --from staging --to prod --release v1.2.3", "One release of one service"],
    ["promote --from dev --to prod --checked-out --version v1.2.3", "What dev made of the source here"],
    ["promote --from staging --to prod --dry-run", "Show what it would change on prod"],
  ],
  positionals: { services: servicesPositional },
  options: {
    from: { type: "string", demandOption: true, requiresArg: true, describe: "Stack that it comes from" },
    to: { type: "string", demandOption: true, requiresArg: true, describe: "Stack that it goes to" },
    release: {
      type: "string",
      requiresArg: true,
      describe: "Release: id, tag, commit or digest; default: the one that runs on the stack it comes from",
    },
    "checked-out": {
      type: "boolean",
      // No default: yargs takes one for an option that was given, and --release for its contradiction.
      conflicts: "release",
      describe: "What was built from the source here, instead of what runs: for a tag that was checked out",
    },
    version: {
      type: "string",
      requiresArg: true,
      describe:
        "Version of the images, for tags; default: TAG, the git tag v* on the commit (--checked-out), or the release's",
    },
    unproven: {
      type: "boolean",
      default: false,
      describe: "Also an image that never ran well there (refused with exit code 3 otherwise)",
    },
    "all-or-nothing": allOrNothingOption,
    force: {
      type: "boolean",
      default: false,
      describe: "Also over a newer commit that was released there (refused with exit code 3 otherwise)",
    },
    "dry-run": { type: "boolean", default: false, describe: "Change nothing; show what would be done" },
  },
  run: async (options, context) => {
    const [
      { withSession },
      operation,
      { exitCodeOf },
      { showMoved, showTagged },
      { movedJob },
      { coloursFor },
    ] = await Promise.all([
      import("../../session/session.ts"),
      import("./promote.ts"),
      import("../../move/outcome.ts"),
      import("../../move/show.ts"),
      import("../../move/job.ts"),
      import("../../report/colours.ts"),
    ]);
    const { services, from, to } = options;
    const checkedOut = options["checked-out"] ?? false;
    const version = (options.version ?? process.env.TAG) || undefined;
    const { release, unproven, force } = options;
    const allOrNothing = options["all-or-nothing"];
    const request = { release, unproven, checkedOut, version, force, allOrNothing };
    // What runs is asked of ECS and Lambda, and that takes credentials of the stack's own account.
    const imagesOnly = checkedOut || release !== undefined;
    const origin = { services, stack: from, sources: checkedOut, imagesOnly };
    const document = await withSession(origin, context, (source) =>
      withSession({ services, stack: to, sources: false }, context, async (target) => {
        const prepared = await operation.preparePromotion(source, target, request);
        if (options["dry-run"]) return operation.documentOfPromotion(source, target, prepared);
        return operation.promote(source, target, prepared, request);
      }),
    );
    const words = { done: `Promoted from ${from} to`, would: `Would promote from ${from} to` };
    const exitCode = document.outcome === "planned" ? 0 : exitCodeOf(document.outcome);
    const moved = showMoved(document, words, coloursFor(process.stdout));
    const text = [moved, ...showTagged(to, document.copied)].join("\n");
    return { exitCode, document, text, job: () => movedJob("promote", { exitCode, document, text }) };
  },
});
