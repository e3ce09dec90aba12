import type { CodeTable } from "./entry.ts";

/** Codes of warnings. They stop nothing, and are no reason for an exit code. */
export const warningCodes = {
  "another-attempt": {
    meaning: "An attempt to build and push failed, and Slipway tries again.",
    fix: "Do nothing, or read the message if it happens often.",
    exits: [],
  },
  "dockerfile-check": {
    meaning: "BuildKit's build checks found something in a Dockerfile.",
    fix: "See the rule in https://docs.docker.com/reference/build-checks/.",
    exits: [],
  },
  "engine-warning": {
    meaning: "Pulumi's engine gave a warning.",
    fix: "Read Pulumi's message.",
    exits: [],
  },
  "failed-while-stopping": {
    meaning: "The run was interrupted, and a step failed while it stopped.",
    fix: "Run the command again to finish what it began.",
    exits: [],
  },
  "gate-warned": {
    meaning: "A gate of slipway:gates found something in an image, and lets it pass.",
    fix: "Read the message. The stack's slipway:gates decide what blocks.",
    exits: [],
  },
  "lfs-pointer": {
    meaning: "A build would copy Git LFS pointers instead of the files that they stand for.",
    fix: "Run `git lfs pull`, or set `lfs: true` for actions/checkout.",
    exits: [],
  },
  "lock-lost": {
    meaning: "The run did not renew its lock in time, so another run may deploy at the same time.",
    fix: "Check what runs with `slipway status`.",
    exits: [],
  },
  "logs-elsewhere": {
    meaning: "A container does not log to CloudWatch Logs.",
    fix: "Read its logs where the message says.",
    exits: [],
  },
  "no-answer": {
    meaning: "CloudWatch Logs does not answer, and Slipway goes on asking.",
    fix: "Wait, or check the network.",
    exits: [],
  },
  "no-comment": {
    meaning: "The comment on the pull request could not be written.",
    fix: "Give the job `pull-requests: write` and GITHUB_TOKEN, and name the stack.",
    exits: [],
  },
  "no-git-base": {
    meaning: "The commit to compare with is not known, so every service counts as changed.",
    fix: "Fetch the history (`fetch-depth: 0`).",
    exits: [],
  },
  "no-job-summary": {
    meaning: "The job's summary or outputs could not be written.",
    fix: "Check GITHUB_STEP_SUMMARY and GITHUB_OUTPUT.",
    exits: [],
  },
  "no-log-group": {
    meaning: "A log group does not exist yet: nothing was logged.",
    fix: "Wait for the first log line, or check the log configuration.",
    exits: [],
  },
  "no-logs": {
    meaning: "A service has nothing that logs.",
    fix: "Give the service a target, or the container a log configuration.",
    exits: [],
  },
  "lifecycle-due": {
    meaning: "The stack's retention rules are about to take an image that a target is being moved to.",
    fix: "Nothing, if the run ends well: Slipway then tags the image, and it stays. Otherwise deploy it again, or change slipway:retention.",
    exits: [],
  },
  "not-marked": {
    meaning: "An image that runs could not be tagged as in use, so a lifecycle policy may remove it.",
    fix: "Run `slipway deploy` again.",
    exits: [],
  },
  "provisioned-concurrency-left": {
    meaning: "An old version keeps its provisioned concurrency, which costs money.",
    fix: "Delete it in the console, or deploy again.",
    exits: [],
  },
  "record-not-written": {
    meaning: "A release could not be recorded. The deployment itself is not affected.",
    fix: "Deploy again: the next deployment records what runs.",
    exits: [],
  },
  "source-not-kept": {
    meaning: "The description of an image's source could not be stored, so `slipway why` cannot explain it.",
    fix: "Do nothing: the image itself is complete.",
    exits: [],
  },
  "tasks-keep-failing": {
    meaning: "Tasks of a new revision keep stopping, and nothing makes ECS give it up.",
    fix: "Turn on the service's deployment circuit breaker.",
    exits: [],
  },
  "versions-left": {
    meaning: "Old versions of a function could not be deleted.",
    fix: "Delete them in the console, or deploy again.",
    exits: [],
  },
} as const satisfies CodeTable;
