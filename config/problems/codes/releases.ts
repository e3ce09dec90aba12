import type { CodeTable } from "./entry.ts";

/** Codes of releases, and of how a run ends. */
export const releaseCodes = {
  bug: {
    meaning: "Slipway has a fault.",
    fix: "Run the command again with `--debug`, and report the stack.",
    exits: [1],
  },
  "gate-failed": {
    meaning: "A gate of slipway:gates refuses the image. Nothing was moved.",
    fix: "Correct the image, accept the finding until a day in waivers.yaml, or use `--override-gate`.",
    exits: [3],
  },
  interrupted: {
    meaning: "The run was interrupted (Ctrl-C, SIGTERM).",
    fix: "Run the command again to finish what it began.",
    exits: [130],
  },
  "no-earlier-release": {
    meaning: "The service has no earlier successful release to go back to.",
    fix: "Deploy from an earlier commit, or name a release with `--to`.",
    exits: [2],
  },
  "no-release": {
    meaning: "The stack to promote from has no release of the service.",
    fix: "Deploy the service there first.",
    exits: [2],
  },
  "not-deployed": {
    meaning: "The source here was never deployed to the stack to promote from.",
    fix: "Deploy this commit there first.",
    exits: [3],
  },
  "release-failed": {
    meaning: "The release to go back to did not succeed itself.",
    fix: "Choose a release that succeeded.",
    exits: [2],
  },
  "release-image-gone": {
    meaning: "The image of a release is no longer complete in the registry.",
    fix: "Choose a release whose image is there.",
    exits: [1, 2],
  },
  superseded: {
    meaning: "A newer commit is already deployed.",
    fix: "Deploy the newer commit. To go back, use `slipway rollback` or `--force`.",
    exits: [3],
  },
  "unknown-release": {
    meaning: "The service has no release with this id, tag, commit or digest.",
    fix: "Choose one that `slipway history` shows.",
    exits: [2],
  },
  unproven: {
    meaning: "The image never ran well on the stack to promote from.",
    fix: "Choose a release that succeeded, or add `--unproven`.",
    exits: [3],
  },
} as const satisfies CodeTable;
