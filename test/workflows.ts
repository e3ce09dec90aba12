import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** The clone that is tested. */
const clone = join(import.meta.dirname, "..");

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const permissionsSchema = z.record(z.string(), z.enum(["read", "write", "none"]));
const stepSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), scalar).optional(),
  run: z.string().optional(),
  shell: z.string().optional(),
  env: z.record(z.string(), scalar).optional(),
});
const concurrencySchema = z.strictObject({ group: z.string(), "cancel-in-progress": scalar });
const jobSchema = z.looseObject({
  if: z.string().optional(),
  environment: z.string().optional(),
  permissions: permissionsSchema.optional(),
  concurrency: concurrencySchema.optional(),
  "timeout-minutes": z.number().optional(),
  steps: z.array(stepSchema),
});
const workflowSchema = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions: permissionsSchema.optional(),
  concurrency: concurrencySchema.optional(),
  jobs: z.record(z.string(), jobSchema),
});
const actionSchema = z.looseObject({
  inputs: z.record(z.string(), z.looseObject({ default: scalar.optional() })),
  outputs: z.record(z.string(), z.looseObject({ value: z.string() })),
  runs: z.looseObject({ using: z.literal("composite"), steps: z.array(stepSchema) }),
});

export type Step = z.output<typeof stepSchema>;
export type Job = z.output<typeof jobSchema>;
export type Workflow = z.output<typeof workflowSchema>;

/** The workflows of the repository, by their files' names without `.yml`. */
export function readWorkflows(): Record<string, Workflow> {
  const folder = join(clone, ".github/workflows");
  return Object.fromEntries(
    readdirSync(folder).map((file) => [
      file.replace(/\.yml$/, ""),
      workflowSchema.parse(parse(readFileSync(join(folder, file), "utf8"))),
    ]),
  );
}

/** The repository's own action. */
export function readAction() {
  return actionSchema.parse(parse(readFileSync(join(clone, "action.yml"), "utf8")));
}

/** What expressions are about: `github.ref_name`, `inputs.stack`. */
export type Contexts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What is left of a job's steps when its actions are unfolded and its expressions filled in. */
export type Unfolded =
  | { readonly kind: "action"; readonly uses: string; readonly with: Readonly<Record<string, string>> }
  | { readonly kind: "run"; readonly run: string; readonly environment: Readonly<Record<string, string>> };

/** The steps that GitHub would run, in order; `uses: ./` becomes the steps of action.yml. */
export function unfold(
  steps: readonly Step[],
  contexts: Contexts,
  outer: Record<string, string> = {},
): Unfolded[] {
  return steps.flatMap((step): Unfolded[] => {
    if (step.if !== undefined && !holds(step.if, contexts)) return [];
    const environment = { ...outer, ...filled(step.env, contexts) };
    const given = filled(step.with, contexts);
    if (step.run !== undefined) return [{ kind: "run", run: fill(step.run, contexts), environment }];
    if (step.uses !== "./") return [{ kind: "action", uses: step.uses ?? "", with: given }];
    const { inputs, runs } = readAction();
    const defaults = Object.fromEntries(
      Object.entries(inputs).map(([name, input]) => [name, fill(String(input.default ?? ""), contexts)]),
    );
    return unfold(runs.steps, { ...contexts, inputs: { ...defaults, ...given } }, environment);
  });
}

function filled(
  values: Readonly<Record<string, string | number | boolean>> | undefined,
  contexts: Contexts,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => [name, fill(String(value), contexts)]),
  );
}

function fill(text: string, contexts: Contexts): string {
  return text.replaceAll(/\$\{\{\s*([^}]+?)\s*\}\}/g, (_, expression: string) =>
    lookUp(expression, contexts),
  );
}

/**
 * A name in a context, or `condition && name || ''`, which is the name where the condition holds; GitHub
 * has an empty text where there is none.
 */
function lookUp(expression: string, contexts: Contexts): string {
  const [, left = "", right = "", then] = /^(\S+) == (\S+) && (\S+) \|\| ''$/.exec(expression) ?? [];
  if (then !== undefined)
    return lookUp(left, contexts) === lookUp(right, contexts) ? lookUp(then, contexts) : "";
  const [, context = "", name = ""] = /^(\w+)\.([\w.-]+)$/.exec(expression) ?? [];
  const found = contexts[context];
  if (found === undefined) throw new Error(`${expression}: the test does not know this context`);
  return found[name] ?? "";
}

function holds(condition: string, contexts: Contexts): boolean {
  return condition.split("&&").every((term) => {
    if (term.trim() === "always()") return true;
    const [, left = "", sign, right = ""] = /^\s*(\S+) (==|!=) (?:'([^']*)'|\S+)\s*$/.exec(term) ?? [];
    if (sign === undefined) throw new Error(`${term}: the test does not know such a condition`);
    return (lookUp(left, contexts) === right) === (sign === "==");
  });
}
