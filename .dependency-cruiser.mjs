/**
 * Imports go down the floors only (docs/explanation/architecture.md draws them). The list below is the
 * whole picture: a room may import rooms of lower floors, never one of its own floor or above. Run by
 * `npm run check:imports`.
 */
const floors = [
  ["config/problems"],
  ["config/catalogue"],
  ["config/stack"],
  ["config"],
  ["config/description"],
  ["config/permissions", "source", "builder"],
  ["runner/aws", "runner/report"],
  ["runner/git", "runner/github", "runner/registry", "runner/stack"],
  ["runner/cli", "runner/release", "runner/session", "runner/tags", "runner/targets"],
  ["runner/history", "runner/in-use"],
  ["runner/plan"],
  ["runner/build", "runner/move"],
  ["runner/commands", "infra"],
  ["sandbox"],
  ["runner"],
  ["docs/generate", "examples", "bench"],
];

const rooms = floors.flat();

/** Files of a room: all below it, but for those of rooms of their own below it. */
function filesOf(room) {
  const inner = rooms.filter((other) => other.startsWith(`${room}/`));
  const apart = inner.map((other) => `(?!${other.slice(room.length + 1)}/)`).join("");
  return `^${room}/${apart}`;
}

function downOnly(floor, index) {
  const above = floors.slice(index).flat();
  return floor.map((room) => ({
    name: `down-only: ${room}`,
    comment: "No import upward or sideways: see the floors in .dependency-cruiser.mjs.",
    severity: "error",
    from: { path: filesOf(room) },
    to: { path: above.filter((other) => other !== room).map(filesOf) },
  }));
}

const never = (name, from, to, comment, severity = "error") => ({ name, comment, severity, from, to });

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-missing", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-dev-dependency",
      comment: "What ships must not need what only development installs. The sandbox is development's.",
      severity: "error",
      from: { path: "^(config|source|builder|infra|runner)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    ...floors.flatMap(downOnly),
    never(
      "verbs-stand-alone",
      { path: "^runner/commands/([^/]+)/" },
      { path: "^runner/commands/", pathNot: "^runner/commands/$1/" },
      "What two verbs need lies in a room below them.",
    ),
    never(
      "kinds-are-siblings",
      { path: "^runner/targets/([^/]+)/" },
      { path: "^runner/targets/(ecs|lambda)/", pathNot: "^runner/targets/$1/" },
      "A kind of target knows no other kind.",
    ),
    never(
      "only-the-list-names-a-kind",
      { path: "^runner/", pathNot: ["^runner/targets/(ecs|lambda)/", "^runner/targets/kinds\\.ts$"] },
      { path: "^runner/targets/(ecs|lambda)/" },
      "What is only one kind's is behind TargetKind; runner/targets/kinds.ts lists the kinds.",
      "warn",
    ),
    never(
      "help-stays-quick",
      { path: "^runner/commands/[^/]+/command\\.ts$" },
      { pathNot: "^runner/cli/", dynamic: false, dependencyTypesNot: ["type-only"] },
      "A command file imports what is heavy only when it runs, so that --help stays quick.",
      "warn",
    ),
    never(
      "aws-at-the-edges",
      {
        path: "^runner/",
        pathNot: "^runner/(aws|registry|targets|commands/(doctor|init|logs))/",
      },
      { path: "@aws-sdk/", dependencyTypesNot: ["type-only"] },
      "Calls of AWS are made by the rooms that are named for it.",
      "warn",
    ),
    never(
      "documents-are-last",
      { path: "^runner/([^/]+)/", pathNot: "^runner/commands/" },
      { path: "^runner/[^/]+/(show|job|document)\\.ts$", pathNot: "^runner/$1/" },
      "What is shown is made last, of what was done: nothing decides by it.",
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
