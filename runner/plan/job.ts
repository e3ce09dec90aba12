import { describeProblem, type Problem } from "../../config/problems/errors.ts";
import { gatesMarkdown } from "../github/gates.ts";
import type { JobReport } from "../github/job-report.ts";
import {
  codeMarkdown,
  fencedMarkdown,
  foldedMarkdown,
  markdownTable,
  plainMarkdown,
} from "../github/markdown.ts";
import { shortDigest } from "../registry/image.ts";
import { isMove } from "../targets/target.ts";
import { type DeployPlan, isNothingToDo, type ServicePlan } from "./document.ts";
import { problemsOf } from "./plan.ts";

/** The job summary and pull request comment of a plan. */
export function presentPlan(plan: DeployPlan): JobReport {
  const problems: readonly Problem[] = problemsOf(plan.services);
  const outcome = problems.length > 0 ? "blocked" : isNothingToDo(plan) ? "nothing" : "changes";
  const changing = plan.services.filter(({ image, targets }) => {
    return image.action === "build" || targets.some(isMove);
  });
  return {
    stack: plan.stack,
    summary: [
      `## ${headline(plan, outcome)}`,
      ...(changing.length === 0
        ? []
        : [markdownTable(["Service", "Image", "Tags", "Targets"], changing.map(row))]),
      ...gatesMarkdown(
        plan.services.flatMap(({ service, gates = [] }) => gates.map((gate) => ({ service, ...gate }))),
      ),
      ...differences(plan),
      ...(problems.length === 0
        ? []
        : [fencedMarkdown(problems.flatMap((problem) => describeProblem(problem).split("\n")))]),
    ].join("\n\n"),
    outputs: { outcome, services: JSON.stringify(changing.map(({ service }) => service)) },
    problems,
  };
}

function headline({ stack }: DeployPlan, outcome: "blocked" | "nothing" | "changes"): string {
  const on = codeMarkdown(stack);
  switch (outcome) {
    case "blocked":
      return `❌ A deployment to ${on} would be refused`;
    case "nothing":
      return `✅ Nothing to deploy to ${on}`;
    case "changes":
      return `📦 What a deployment to ${on} would do`;
  }
}

const doneTo = {
  none: "stays",
  prove: "will be verified again",
  update: "update",
  create: "create",
} as const;

function row({ service, image, tags, targets }: ServicePlan): string[] {
  return [
    codeMarkdown(service),
    image.action === "build"
      ? `build: ${plainMarkdown(image.reason)}`
      : `unchanged: ${codeMarkdown(shortDigest(image.digest))}`,
    tags.put.map(codeMarkdown).join(" "),
    targets.map(({ title, action }) => `${codeMarkdown(title)} ${doneTo[action]}`).join("<br>"),
  ];
}

function differences({ services }: DeployPlan): string[] {
  const lines = services.flatMap(({ targets }) =>
    targets
      .filter(({ changes }) => changes.length > 0)
      .flatMap(({ title, changes }) => [
        `@@ ${title} @@`,
        ...changes.flatMap(({ field, before, after }) => [
          `  ${field}`,
          ...(before === undefined ? [] : [`- ${before}`]),
          `+ ${after}`,
        ]),
      ]),
  );
  return lines.length === 0
    ? []
    : [foldedMarkdown("What changes in the targets", fencedMarkdown(lines, "diff"))];
}
