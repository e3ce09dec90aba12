import { defineCommand, defineGroup } from "../../cli/define.ts";
import { servicesPositional, stackOption, verboseOption } from "../../cli/options.ts";

const pricesOption = {
  type: "string",
  requiresArg: true,
  describe: "JSON file with prices that take the place of Slipway's table of list prices",
} as const;

const policyOption = {
  choices: ["declared", "live"],
  default: "declared",
  requiresArg: true,
  describe: "declared: the policy of the stack's settings; live: the one that the repository has",
} as const;

/** `slipway lifecycle preview`: what a policy will take, and when. */
const previewCommand = defineCommand({
  command: "preview [services..]",
  describe: "Show what the lifecycle policies will take, when, and what that frees",
  examples: [
    [
      "lifecycle preview --stack prod",
      "Show the calendar of the next 30 days, by the policy of the settings",
    ],
    ["lifecycle preview ui --policy live --days 365", "Show a year of one service, by the policy in force"],
    ["lifecycle preview --pushes-per-day 20", "Assume twenty images a day"],
    ["lifecycle preview ui --compare-with-aws", "Hold the answer against ECR's own preview"],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    policy: policyOption,
    days: { type: "number", default: 30, requiresArg: true, describe: "Number of days to look ahead" },
    "pushes-per-day": {
      type: "number",
      requiresArg: true,
      describe: "Images that will be pushed each day; default: as in as many days before",
    },
    "compare-with-aws": {
      type: "boolean",
      default: false,
      describe: "Also start ECR's own preview of each policy, and show the differences",
    },
    prices: pricesOption,
    verbose: verboseOption,
  },
  run: async (options, context) => {
    const [{ withSession }, { previewLifecycle, conflictsOf }, { showPreview }, { coloursFor }, edge] =
      await Promise.all([
        import("../../session/session.ts"),
        import("./preview.ts"),
        import("./show-preview.ts"),
        import("../../report/colours.ts"),
        import("./arguments.ts"),
      ]);
    const days = edge.numberOf("--days", options.days);
    const pushesPerDay = edge.optionalNumberOf("--pushes-per-day", options["pushes-per-day"]);
    const prices = await edge.readPrices(options.prices, options.cwd);
    const request = {
      policy: options.policy as "declared" | "live",
      days,
      pushesPerDay,
      compareWithAws: options["compare-with-aws"],
      prices,
      now: new Date(),
    };
    const document = await withSession({ ...options, sources: "none" }, context, (session) =>
      previewLifecycle(session, request),
    );
    const exitCode = conflictsOf(document).length > 0 ? 3 : 0;
    return { exitCode, document, text: showPreview(document, coloursFor(process.stdout), options.verbose) };
  },
});

/** `slipway lifecycle cost`: what the images cost now. */
const costCommand = defineCommand({
  command: "cost [services..]",
  describe: "Show what the images cost, by repository and by what they are",
  examples: [
    ["lifecycle cost --stack prod", "Show the cost of all repositories of a stack"],
    ["lifecycle cost --prices prices.json --output json", "Use prices of your own, and print JSON"],
  ],
  positionals: { services: servicesPositional },
  options: { stack: stackOption, prices: pricesOption },
  run: async (options, context) => {
    const [{ withSession }, { lifecycleCost }, { showCost }, { coloursFor }, edge] = await Promise.all([
      import("../../session/session.ts"),
      import("./cost.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
      import("./arguments.ts"),
    ]);
    const prices = await edge.readPrices(options.prices, options.cwd);
    const document = await withSession({ ...options, sources: "none" }, context, (session) =>
      lifecycleCost(session, prices),
    );
    return { exitCode: 0, document, text: showCost(document, coloursFor(process.stdout)) };
  },
});

/** `slipway lifecycle lint`: what is odd about a policy. */
const lintCommand = defineCommand({
  command: "lint [services..]",
  describe: "Find rules that match nothing or never act, and images that stay for ever",
  examples: [
    ["lifecycle lint --stack dev", "Check the policies of the settings against the images that are there"],
    ["lifecycle lint --policy live", "Check the policies that the repositories have"],
  ],
  positionals: { services: servicesPositional },
  options: { stack: stackOption, policy: policyOption },
  run: async (options, context) => {
    const [{ withSession }, { lintLifecycle }, { showLint }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("./lint.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const document = await withSession({ ...options, sources: "none" }, context, (session) =>
      lintLifecycle(session, options.policy as "declared" | "live"),
    );
    return { exitCode: 0, document, text: showLint(document, coloursFor(process.stdout)) };
  },
});

/** `slipway lifecycle report`: all of it, for a scheduled workflow. */
const reportCommand = defineCommand({
  command: "report [services..]",
  describe: "Report what goes, what is odd, what it costs, what is in use, and what is outdated",
  examples: [
    ["lifecycle report --stack prod", "Print the report, as Markdown; in a GitHub Actions job, its summary"],
    [
      "lifecycle report --stack prod --issue",
      "Also keep one open GitHub issue for as long as there is something to do",
    ],
  ],
  positionals: { services: servicesPositional },
  options: {
    stack: stackOption,
    days: { type: "number", default: 7, requiresArg: true, describe: "Number of days to look ahead" },
    issue: {
      type: "boolean",
      default: false,
      describe: "Create, update or close the stack's issue in the job's repository (needs issues: write)",
    },
    prices: pricesOption,
  },
  run: async (options, context) => {
    const [
      { withSession },
      { reportLifecycle },
      { reportMarkdown },
      { conflictsExit, keepReportIssue },
      edge,
    ] = await Promise.all([
      import("../../session/session.ts"),
      import("./report.ts"),
      import("./report-markdown.ts"),
      import("./report-issue.ts"),
      import("./arguments.ts"),
    ]);
    const days = edge.numberOf("--days", options.days);
    const prices = await edge.readPrices(options.prices, options.cwd);
    const found = await withSession({ ...options, sources: "none" }, context, (session) =>
      reportLifecycle(session, { days, prices, now: new Date() }),
    );
    const text = reportMarkdown(found);
    const issue = options.issue ? await keepReportIssue(found, text, process.env, context.signal) : undefined;
    const document = { ...found, ...(issue !== undefined && { issue }) };
    const { stack, outcome } = document;
    return {
      exitCode: conflictsExit(document),
      document,
      text: issue?.url === undefined ? text : `${text}\n\nIssue ${issue.outcome}: ${issue.url}`,
      job: () => ({ stack, summary: text, outputs: { outcome }, problems: [] }),
    };
  },
});

/** `slipway lifecycle`: what lifecycle policies do, before they do it. */
export const lifecycleCommand = defineGroup({
  command: "lifecycle",
  describe: "Show what lifecycle policies will take, what images cost, and what is odd",
  commands: [previewCommand, costCommand, lintCommand, reportCommand],
});
