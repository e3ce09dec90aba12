/** Imports go one way (docs/architecture.md). Run by `npm run check:imports`. */
const never = (name, from, to, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { path: to },
});

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-missing", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-dev-dependency",
      comment: "What ships must not need what only development installs. The sandbox is development's.",
      severity: "error",
      from: { path: "^(config|source|infra|runner)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    never("config-is-the-ground", "^config/", "^(source|infra|runner|sandbox)/"),
    never("source-knows-config-only", "^source/", "^(infra|runner|sandbox)/"),
    never("infra-and-runner-talk-through-outputs", "^infra/", "^(runner|sandbox)/"),
    never("runner-never-reaches-into-infra", "^runner/", "^infra/"),
    {
      name: "nobody-knows-the-sandbox",
      comment: "Only the list of commands names it.",
      severity: "error",
      from: { path: "^(config|source|infra|runner|examples)/", pathNot: "^runner/cli\\.ts$" },
      to: { path: "^sandbox/" },
    },
    never("deploy-does-not-call-commands", "^runner/deploy/", "^runner/commands/"),
    never(
      "edges-do-not-call-operations",
      "^runner/(targets|registry|stack|image)/",
      "^runner/(commands|deploy|release)/",
    ),
    never(
      "records-do-not-know-who-makes-them",
      "^runner/release/",
      "^runner/(commands|deploy|targets|stack)/",
    ),
    never(
      "clients-are-the-bottom",
      "^runner/aws/",
      "^runner/(commands|deploy|release|targets|registry|stack|image)/",
    ),
    never(
      "init-describes-and-does-not-deploy",
      "^runner/init/",
      "^runner/(commands|deploy|release|targets|stack)/",
    ),
    never("report-reads-events-only", "^runner/report/", "^runner/(aws|registry|release|stack|image)/"),
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
