import type { CodeTable } from "./entry.ts";

/** Codes of calls to AWS, whatever the service. */
export const awsCodes = {
  "access-denied": {
    meaning: "The credentials do not allow a call.",
    fix: "Allow the action that the message names in the role's policy.",
    exits: [1],
  },
  "aws-refused": {
    meaning: "AWS refused a call for a reason that has no code of its own here.",
    fix: "Correct what AWS's message names.",
    exits: [1],
  },
  "lifecycle-takes-in-use": {
    meaning:
      "A changed lifecycle policy would take an image that something runs or a rollback would restore.",
    fix: "Deploy the image with Slipway, which tags what runs, or change slipway:retention.",
    exits: [3],
  },
  "lifecycle-takes-much": {
    meaning: "A changed lifecycle policy may take a larger share of a repository than the settings allow.",
    fix: "Look at it with `slipway lifecycle preview`, then add what the message names to slipway:lifecycleGuard.confirmed.",
    exits: [3],
  },
  "no-issue": {
    meaning: "`slipway lifecycle report --issue` could not create, update or close its issue on GitHub.",
    fix: "Run it in a GitHub Actions job with `issues: write`, or leave --issue out.",
    exits: [1],
  },
  "lifecycle-preview-failed": {
    meaning: "ECR's own preview of a lifecycle policy failed or did not end.",
    fix: "Run the command again later, or without --compare-with-aws.",
    exits: [1],
  },
  "no-credentials": {
    meaning: "There are no AWS credentials, or they have expired.",
    fix: "Log in again, or set AWS_PROFILE or the stack's aws:profile.",
    exits: [2],
  },
  throttled: {
    meaning:
      "AWS, or the server of a GitOps target's pull requests, kept throttling requests, even after retries.",
    fix: "Run the command again later, or lower slipway:deploy.parallelTargets.",
    exits: [1],
  },
  unreachable: {
    meaning: "AWS, or the server of a GitOps target's pull requests, does not answer.",
    fix: "Check the network, the proxy, aws:region and aws:endpoints.",
    exits: [1],
  },
  "wrong-account": {
    meaning: "The credentials belong to an account that aws:allowedAccountIds does not list.",
    fix: "Use credentials of the stack's account.",
    exits: [2],
  },
} as const satisfies CodeTable;
