/**
 * Imports go down the floors only (docs/explanation/architecture.md draws them). The list below is the
 * whole picture: a room may import rooms of lower floors, never one of its own floor or above. Run by
 * `npm run check:imports`.
 */
export const floors = [
  ["config/problems"],
  ["config/stack"],
  ["config/targets"],
  ["config/catalogue"],
  ["config"],
  ["config/description"],
  ["config/permissions", "source", "builder", "pulumi-sdk", "lifecycle"],
  ["runner/aws", "runner/report"],
  ["runner/git", "runner/github", "runner/kubernetes", "runner/registry", "runner/stack"],
  ["runner/cli", "runner/release", "runner/session", "runner/tags", "runner/targets"],
  ["runner/bases", "runner/inventory"],
  ["runner/evidence", "runner/findings", "runner/history", "runner/image-checks", "runner/in-use"],
  ["runner/gates"],
  ["runner/plan"],
  ["runner/build", "runner/move"],
  ["runner/deploy"],
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

/**
 * Files that only turn data into other data: nothing in them reads, writes, waits or calls. They decide
 * and phrase, so their tests need no stand-ins. A new file of these rooms or names is one of them.
 */
const pure = [
  "^config/(catalogue|permissions|problems|stack|targets)/",
  "^config/[^/]+\\.ts$",
  "^config/description/(check|deployment-alarms|description|needs|same-target|selection|sidecars|target-problems)\\.ts$",
  "^source/(compare|describe|dockerfile/(dockerfile|lines)|file|go-expression|ignore|pattern)\\.ts$",
  "^builder/(labels|options)\\.ts$",
  "^lifecycle/",
  "^infra/(policy-document|tag-mutability|github/(role-policy|trust))\\.ts$",
  "^runner/aws/errors\\.ts$",
  "^runner/commands/cleanup/(arguments|pull-requests)\\.ts$",
  "^runner/cli/(command|options|usage)\\.ts$",
  "^runner/commands/[^/]+/(show|show-in-use|show-preview|document)\\.ts$",
  "^runner/commands/outdated/select\\.ts$",
  "^runner/commands/report/(checks|facts|markdown|repeat)\\.ts$",
  "^runner/commands/scan/(report|sarif|sarif-log)\\.ts$",
  "^runner/commands/k8s/(cron-job|external-secrets|manifests|methods|refresh-script|state)\\.ts$",
  "^runner/commands/init/(catalogue-text|compose/[^/]+|connect|detect|found|match|names|stack-files|stage)\\.ts$",
  "^runner/findings/(finding|origin/origin|[^/]+/read[^/]*)\\.ts$",
  "^runner/deploy/show\\.ts$",
  "^runner/evidence/(provenance|statement)\\.ts$",
  "^runner/gates/(decide|export|phrase|vex-claims|waivers)\\.ts$",
  "^runner/git/ci\\.ts$",
  "^runner/github/(gates|job-report|markdown|present)\\.ts$",
  "^runner/image-checks/",
  "^runner/in-use/(keep-tags|merge|repository-policy)\\.ts$",
  "^runner/kubernetes/(?!(attempt|kubectl|evidence)\\.ts$)",
  "^runner/move/(document|job|order|outcome|show|show-targets)\\.ts$",
  "^runner/plan/(clean-tree|commit-age|target-image)\\.ts$",
  "^runner/registry/(image|manifest)\\.ts$",
  "^runner/release/(?!store\\.ts$)",
  "^runner/report/(?!(reporter|terminal)\\.ts$)",
  "^runner/session/(services|timeline|where)\\.ts$",
  "^runner/stack/(engine-events|failure|outputs|resources)\\.ts$",
  "^runner/tags/",
  "^runner/targets/(checks|gate|hint|hints|image-use|logs|target)\\.ts$",
  "^runner/targets/ecs/alarms\\.ts$",
  "^runner/targets/gitops/follow/(argocd|flux)/(application|objects|resources|revision|windows)\\.ts$",
  "^runner/targets/gitops/follow/(delivery|hints|next)\\.ts$",
  "^runner/targets/gitops/discover/(?!nearby\\.ts$)",
  "^runner/targets/gitops/edit/",
  "^runner/targets/gitops/propose/(body|forge)\\.ts$",
  "^runner/targets/gitops/repository/(failure|message)\\.ts$",
  "^runner/targets/[^/]+/(hints|state|strategy)\\.ts$",
  "^runner/targets/[^/]+/.*/(crash-loop|ends|lines|next|progress|stage-watch|state|steadiness|steps|stops|verdict)\\.ts$",
];

/** What reads, writes, waits or calls. */
const outside = [
  "^(node:)?(fs|child_process|net|https?|os|dns|timers|process|readline)(/|$)",
  "@aws-sdk/",
  "@pulumi/",
  "node_modules/(execa|undici|simple-git|proper-lockfile|p-limit|p-map|p-retry|log-update|@clack)/",
];

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

/** Folders of the kinds of target: all in targets/ but what the kinds share. */
const kind = "(?!smoke/)[^/]+";

const never = (name, from, to, comment, severity = "error") => ({ name, comment, severity, from, to });

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-missing", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-dev-dependency",
      comment: "What ships must not need what only development installs. The sandbox is development's.",
      severity: "error",
      from: { path: "^(config|source|builder|lifecycle|infra|runner)/" },
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
      { path: `^(?:config|infra|runner)/targets/(${kind})/` },
      { path: `^(?:config|infra|runner)/targets/${kind}/`, pathNot: "^(?:config|infra|runner)/targets/$1/" },
      "A kind of target knows no other kind.",
    ),
    ...["config", "infra", "runner"].map((house) =>
      never(
        `only-the-list-names-a-kind: ${house}`,
        {
          path: "^(config|infra|runner)/",
          pathNot: [`^(config|infra|runner)/targets/${kind}/`, `^${house}/targets/kinds\\.ts$`],
        },
        { path: `^${house}/targets/${kind}/` },
        `What is only one kind's is behind its interface; ${house}/targets/kinds.ts lists the kinds.`,
      ),
    ),
    never(
      "help-stays-quick",
      { path: "^runner/commands/[^/]+/command\\.ts$" },
      { pathNot: "^runner/cli/", dynamic: false, dependencyTypesNot: ["type-only"] },
      "A command file imports what is heavy only when it runs, so that --help stays quick.",
    ),
    never(
      "aws-at-the-edges",
      {
        path: "^runner/",
        pathNot:
          "^runner/(aws|evidence|findings|in-use/sources|inventory|registry|targets|commands/(doctor|init|lifecycle|logs))/",
      },
      { path: "@aws-sdk/", dependencyTypesNot: ["type-only"] },
      "Calls of AWS are made by the rooms that are named for it.",
    ),
    never(
      "pure-files-are-pure",
      { path: pure },
      { path: outside, dependencyTypesNot: ["type-only"] },
      "A file that decides or phrases takes data and returns data: see `pure` in .dependency-cruiser.mjs.",
    ),
    never(
      "pure-files-use-pure-files",
      { path: pure },
      {
        path: "^(config|source|builder|lifecycle|infra|runner)/",
        pathNot: pure,
        dependencyTypesNot: ["type-only"],
      },
      "What a pure file uses of ours is as pure as itself: see `pure` in .dependency-cruiser.mjs.",
    ),
    never(
      "gates-load-when-asked",
      { path: "^runner/", pathNot: "^runner/(gates|findings|image-checks|commands/(scan|waivers))/" },
      { path: "^runner/(gates|findings|image-checks)/", dynamic: false, dependencyTypesNot: ["type-only"] },
      "A stack without slipway:gates loads nothing for them.",
    ),
    never(
      "evidence-loads-when-asked",
      {
        path: "^runner/",
        pathNot: "^runner/(evidence/|gates/(signed|vex)\\.ts|(deploy|commands/verify)/evidence\\.ts)",
      },
      { path: "^runner/evidence/", dynamic: false, dependencyTypesNot: ["type-only"] },
      "A stack without slipway:evidence loads nothing for it.",
    ),
    never(
      "sources-load-when-asked",
      { path: "^runner/", pathNot: "^runner/in-use/sources/" },
      {
        path: "^runner/in-use/sources/(?!(all|source)\\.ts)",
        dynamic: false,
        dependencyTypesNot: ["type-only"],
      },
      "A client of a service that nothing is deployed to is loaded when its images are looked for.",
    ),
    never(
      "pull-requests-load-when-asked",
      { path: "^runner/", pathNot: "^runner/targets/gitops/propose/" },
      {
        path: "^runner/targets/gitops/propose/(call|commits|github|gitlab|moves|proposals|revert)\\.ts$",
        dynamic: false,
        dependencyTypesNot: ["type-only"],
      },
      "A target that is delivered by push loads nothing for pull requests.",
    ),
    never(
      "documents-are-last",
      { path: "^runner/([^/]+)/", pathNot: "^runner/(commands|deploy)/" },
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
