import prettyBytes from "pretty-bytes";
import { describeProblem } from "../../config/problems/errors.ts";
import { countOfOthers, isBrief } from "../report/brief.ts";
import type { Colours } from "../report/colours.ts";
import type { FieldChange } from "../targets/target.ts";
import { isMove } from "../targets/target.ts";
import { type DeployPlan, isNothingToDo, type ServicePlan } from "./document.ts";

/**
 * A plan as text: what would be built, pushed, tagged and changed, for each service. Of many services, the
 * summary comes first, and those that stay as they are are counted.
 */
export function showPlan(plan: DeployPlan, colours: Colours, verbose = false): string {
  const head = `Plan for stack ${plan.stack} (account ${plan.account}, ${plan.region})`;
  const orders = new Set(plan.services.flatMap(({ targets }) => targets.map(({ order }) => order)));
  const show = (some: readonly ServicePlan[]) =>
    some.map((service) => showService(service, { withOrder: orders.size > 1 }, colours));
  if (!isBrief(plan.services.length, verbose)) {
    return [colours.bold(head), "", ...show(plan.services), summary(plan, colours)].join("\n");
  }
  const telling = plan.services.filter(hasSomethingToTell);
  const others = countOfOthers(plan.services.length - telling.length, "service", "services", "unchanged");
  return [colours.bold(head), summary(plan, colours), "", ...show(telling), ...others.map(colours.dim)].join(
    "\n",
  );
}

/** Whether a deployment would do something for a service, or could not. */
function hasSomethingToTell({ image, tags, targets, problems }: ServicePlan): boolean {
  return (
    image.action === "build" ||
    tags.put.length > 0 ||
    problems.length > 0 ||
    targets.some((target) => target.action !== "none" || target.problems.length > 0)
  );
}

function showService(
  plan: ServicePlan,
  { withOrder }: { readonly withOrder: boolean },
  colours: Colours,
): string {
  const { green, red, dim, bold, yellow } = colours;
  const { source, image } = plan;
  const lines: string[] = [];
  if (image.action === "build") {
    lines.push(`${green("+")} build   ${image.platforms.join(", ")}`);
    lines.push(dim(`          ${image.reason} (${source.files} files, ${prettyBytes(source.bytes)})`));
    lines.push(`${green("+")} push    ${plan.registry}/${plan.repository}:${image.push.join(", ")}`);
  } else {
    lines.push(`${dim("=")} image   ${dim(`${image.reference} (already built)`)}`);
  }
  lines.push(...showTags(plan.tags, colours));
  for (const target of plan.targets) {
    const blocked = target.problems.length > 0;
    const signs = { none: dim("="), prove: yellow("?"), update: yellow("~"), create: green("+") };
    const sign = blocked ? red("✖") : signs[target.action];
    const verb = blocked ? "blocked" : target.action === "none" ? "keep" : target.action;
    const same = target.action === "none" && !blocked;
    const order = withOrder ? dim(` (order ${target.order})`) : "";
    lines.push(
      `${sign} ${verb.padEnd(7)} ${target.title}${order}${same ? dim(" (already runs this image)") : ""}`,
    );
    lines.push(...target.changes.flatMap((change) => showChange(change, colours)));
    lines.push(...target.notes.map((note) => dim(`          note: ${note}`)));
    lines.push(
      ...target.problems.flatMap((problem) => indented(red(`problem: ${describeProblem(problem)}`))),
    );
  }
  lines.push(
    ...(plan.gates ?? []).map(({ gate, verdict, message }) =>
      dim(`  gate    ${gate}: ${verdict}${message === undefined ? "" : `, ${message}`}`),
    ),
  );
  if (plan.sidecarIn.length > 0) lines.push(dim(`  sidecar in ${plan.sidecarIn.join(", ")}`));
  else if (plan.targets.length === 0) lines.push(dim("  no targets: Slipway only builds it"));
  lines.push(...plan.problems.flatMap((problem) => indented(red(`problem: ${describeProblem(problem)}`))));
  return `${bold(plan.service)}\n${lines.map((line) => `  ${line}`).join("\n")}\n`;
}

/** One line for each tag with its reason, and for each format that makes none. */
function showTags({ put, present, planned, leftOut }: ServicePlan["tags"], colours: Colours): string[] {
  const { green, red, dim } = colours;
  const names = [...planned.map(({ tag }) => tag), ...leftOut.map(({ format }) => format)];
  const width = Math.min(40, Math.max(0, ...names.map((name) => name.length)));
  return [
    ...planned.map(({ tag, reason }) => {
      const line = `tag     ${tag.padEnd(width)}  `;
      if (present.includes(tag)) return dim(`= ${line}${reason}`);
      return `${put.includes(tag) ? green("+") : red("✖")} ${line}${dim(reason)}`;
    }),
    ...leftOut.map(({ format, reason }) => dim(`  no tag  ${format.padEnd(width)}  ${reason}`)),
  ];
}

function showChange({ field, before, after }: FieldChange, { red, green }: Colours): string[] {
  return [
    `          ${field}`,
    ...(before === undefined ? [] : [red(`          - ${before}`)]),
    green(`          + ${after}`),
  ];
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `          ${line}`);
}

function summary(plan: DeployPlan, { bold }: Colours): string {
  const builds = plan.services.filter(({ image }) => image.action === "build").length;
  const targets = plan.services.flatMap((service) => service.targets);
  const moves = targets.filter(isMove).length;
  const problems =
    plan.services.reduce((sum, service) => sum + service.problems.length, 0) +
    targets.reduce((sum, target) => sum + target.problems.length, 0);
  if (problems > 0) return bold(`${problems} would stop a deployment before it changes anything`);
  if (isNothingToDo(plan)) return bold("Nothing to do: everything is built and running.");
  return bold(`${builds} to build, ${moves} of ${targets.length} targets to move`);
}
