import type { CodeTable } from "./entry.ts";

/** Codes of what is wrong in services.yaml, in a stack's settings, or in the source. */
export const fileCodes = {
  "contradicting-settings": {
    meaning: "Two settings contradict each other.",
    fix: "Change one of the two, as the message says.",
    exits: [2],
  },
  "cyclic-needs": {
    meaning: "Services are built from each other in a circle.",
    fix: "Remove one of the build contexts that close the circle.",
    exits: [2],
  },
  "dirty-tree": {
    meaning: "A service would be built from uncommitted changes, and slipway:deploy.requireCleanTree is set.",
    fix: "Commit the changes, or add `--allow-dirty`.",
    exits: [2],
  },
  "foreign-repository": {
    meaning: "Git refuses to read the repository because it belongs to another user.",
    fix: "If you trust the repository, add it to git's safe.directory.",
    exits: [2],
  },
  "immovable-tag": {
    meaning: "A format of slipway:tags moves from image to image, and the repositories do not let it move.",
    fix: "Add the tag to slipway:repositories.movingTags, or remove the format.",
    exits: [2],
  },
  "immutable-tag": {
    meaning: "`--push-pr` would move a tag, and the stack's tags are immutable.",
    fix: "Add `pr-*` to slipway:repositories.movingTags, or use a stack with mutable tags.",
    exits: [2],
  },
  "invalid-ignore-pattern": {
    meaning: "A line of an ignore file is not a valid pattern.",
    fix: "Correct the line.",
    exits: [2],
  },
  "invalid-json": {
    meaning: "A package.json of the project is not valid JSON.",
    fix: "Correct the file. JSON has no comments.",
    exits: [2],
  },
  "invalid-name": {
    meaning: "A name in a file does not have the form that it needs.",
    fix: "Choose a name of the form that the message describes.",
    exits: [2],
  },
  "invalid-value": {
    meaning: "The value of a key is not allowed.",
    fix: "Use a value that the message or docs/reference/configuration.md allows.",
    exits: [2],
  },
  "invalid-yaml": {
    meaning: "A file is not valid YAML.",
    fix: "Correct the line and column that the message names.",
    exits: [2],
  },
  "left-out-service": {
    meaning: "The stack's slipway:services leaves out a service that a selected one needs.",
    fix: "Add the service to slipway:services, as the message says.",
    exits: [2],
  },
  "missing-context": {
    meaning: "A build context is not a directory.",
    fix: "Create the directory, or correct the path.",
    exits: [2],
  },
  "missing-file": {
    meaning: "A file that the project names does not exist.",
    fix: "Create the file, or correct the path.",
    exits: [2],
  },
  "missing-key": {
    meaning: "A file lacks a key that it must have.",
    fix: "Add the key.",
    exits: [2],
  },
  "missing-platform": {
    meaning: "A service is built from another one that is not built for all its platforms.",
    fix: "Add the platforms to the other service, or remove them from this one.",
    exits: [2],
  },
  "no-commit": {
    meaning: "The project is not in a git repository, or the repository has no commits.",
    fix: "Deploy from a clone, or add `--allow-dirty`.",
    exits: [2],
  },
  "not-a-repository": {
    meaning:
      "`--since` needs git history, and the project is not in a git repository, or git is not installed.",
    fix: "Leave out `--since` to compare with the registry, or run the command in a clone.",
    exits: [2],
  },
  "nothing-selected": {
    meaning: "The stack's slipway:services selects no service.",
    fix: "Select at least one service.",
    exits: [2],
  },
  "nothing-found": {
    meaning: "`slipway init` found no Dockerfile and no compose file that builds an image.",
    fix: "Run it where they are, or write services.yaml by hand.",
    exits: [2],
  },
  "outside-project": {
    meaning: "A path leads out of the project.",
    fix: "Use a path inside the project.",
    exits: [2],
  },
  "refused-by-ecr": {
    meaning:
      "ECR does not accept a setting: a filter of slipway:repositories.movingTags or their number, the length of a repository's name, the number of repositories or places to replicate.",
    fix: "Simplify what the message names, or keep fewer of them.",
    exits: [2],
  },
  "name-too-long": {
    meaning:
      "A name that is made of the project's, the stack's or a service's name is longer than AWS allows.",
    fix: "Shorten the name that the message says; nothing is cut off, since two names could become one.",
    exits: [2],
  },
  "refused-tag": {
    meaning: "AWS does not accept a tag of slipway:resourceTags, or as many of them.",
    fix: "Rename the tag, give it another value, or keep fewer of them.",
    exits: [2],
  },
  "same-alarm": {
    meaning:
      "Two alarms of the stack would have one name: of the second target of `ui`, and of a service `ui-2`.",
    fix: "Rename one of the services.",
    exits: [2],
  },
  "reserved-tag": {
    meaning: "A version, or a format of slipway:tags, makes a tag that Slipway keeps for itself.",
    fix: "Let the tag begin with something else.",
    exits: [2],
  },
  "same-repository": {
    meaning: "Two services have the same ECR repository.",
    fix: "Give each service a repository of its own.",
    exits: [2],
  },
  "same-target": {
    meaning: "Two targets are the same ECS service or Lambda function.",
    fix: "Remove one of them, or give each a container of its own.",
    exits: [2],
  },
  "not-a-name": {
    meaning:
      "A target has an ARN, or something else, where the name of a service, cluster or function belongs.",
    fix: "Write the name that the message suggests.",
    exits: [2],
  },
  elsewhere: {
    meaning: "A target's ARN names another region or account than the stack's.",
    fix: "Name a place of the stack's own, or correct the stack's region or accounts.",
    exits: [2],
  },
  "unlike-halves": {
    meaning: "A key of the AWS provider would count for the stack's program and not for Slipway's own calls.",
    fix: "Use what the message names: it counts for both.",
    exits: [2],
  },
  "unknown-key": {
    meaning: "A file has a key that Slipway does not know.",
    fix: "Use the key that the message suggests, or remove the key.",
    exits: [2],
  },
  "unknown-registry": {
    meaning: "A base image uses `${registry}`, and without credentials its account is unknown.",
    fix: "Set aws:allowedAccountIds or slipway:registry.",
    exits: [2],
  },
  "unreadable-source": {
    meaning: "A file of a build context cannot be read.",
    fix: "Correct its permissions, or exclude it in the ignore file.",
    exits: [2],
  },
  "unusable-tag": {
    meaning: "`--version` or a format of slipway:tags makes a tag that OCI does not allow.",
    fix: "Use letters, digits, `.`, `_` and `-`, 128 characters at most.",
    exits: [2],
  },
  "unreadable-file": {
    meaning:
      "A file of the project cannot be read: it is a folder, its permissions do not allow it, or its link leads nowhere.",
    fix: "Do what the message says, then run the command again.",
    exits: [2],
  },
  "wrong-encoding": {
    meaning: "A file of the project is not UTF-8 text.",
    fix: "Save the file as UTF-8.",
    exits: [2],
  },
  "empty-value": {
    meaning: "A key of a file has no value.",
    fix: "Give the key a value, or remove it.",
    exits: [2],
  },
} as const satisfies CodeTable;
