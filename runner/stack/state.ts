import { StackNotFoundError } from "@pulumi/pulumi/automation/errors.js";
import { z } from "zod";
import { declarationNames } from "../../config/names.ts";
import type { RunEngine } from "./engine.ts";
import { resourceOf } from "./resources.ts";

/** What the state in the backend says of a stack. */
export interface StackState {
  /**
   * Hash of the declaration that the last complete update of the stack has carried out. Undefined if there was
   * none, or if a later one has changed some of it and failed.
   */
  readonly declaration: string | undefined;
  /** The Pulumi packages of the resources in the state, by name, with their versions: `aws` → `7.48.0`. */
  readonly packages: Readonly<Record<string, string>>;
}

const exportSchema = z.object({
  // A backend may have nothing of a stack that was never brought up.
  deployment: z
    .object({
      resources: z.array(z.object({ urn: z.string(), inputs: z.looseObject({}).optional() })).nullish(),
    })
    .nullish(),
});

/** Reads a stack's state, which takes no lock. Undefined if the backend has no such stack. */
export async function readState(
  run: RunEngine,
  directory: string,
  stack: string,
): Promise<StackState | undefined> {
  try {
    const { stdout } = await run(["stack", "export", "--stack", stack], directory, {});
    return stateIn(JSON.parse(stdout));
  } catch (error) {
    if (error instanceof StackNotFoundError) return undefined;
    throw error;
  }
}

/** @param exported what `pulumi stack export` prints */
export function stateIn(exported: unknown): StackState {
  const resources = exportSchema.parse(exported).deployment?.resources ?? [];
  const named = resources.flatMap(({ urn, inputs }) => {
    const name = resourceOf(urn);
    return name === undefined ? [] : [{ ...name, inputs }];
  });
  const stashed = (wanted: string): unknown =>
    named.find(({ type, name }) => type === "pulumi:index:Stash" && name === wanted)?.inputs?.input;
  const begun = stashed(declarationNames.begun);
  const isComplete = typeof begun === "string" && begun === stashed(declarationNames.complete);
  const packages = named.flatMap(({ type, inputs }) => {
    const [, name] = /^pulumi:providers:(.+)$/.exec(type) ?? [];
    return name === undefined ? [] : [[name, String(inputs?.version ?? "")] as const];
  });
  return { declaration: isComplete ? begun : undefined, packages: Object.fromEntries(packages) };
}
