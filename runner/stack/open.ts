import { LocalWorkspace } from "@pulumi/pulumi/automation/localWorkspace.js";
import { Stack } from "@pulumi/pulumi/automation/stack.js";
import { stackFile } from "../../config/description/description.ts";
import { UserError } from "../../config/problems/errors.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import { type Engine, findEngine, runEngine } from "./engine.ts";
import { readState, type StackState } from "./state.ts";

export interface OpenStack {
  readonly stack: Stack;
  readonly engine: Engine;
  /** Undefined: the stack is new. */
  readonly state: StackState | undefined;
}

/**
 * Opens the stack in its backend, and creates it there if it is new. The program is the project's own, so that
 * this and `pulumi up` by hand are the same.
 *
 * @throws UserError when there is no engine, no backend or no passphrase
 */
export async function openStack(directory: string, stack: string, signal: AbortSignal): Promise<OpenStack> {
  try {
    const [engine, state] = await Promise.all([
      findEngine(signal),
      readState(runEngine(signal), directory, stack),
    ]);
    const workspace = await LocalWorkspace.create({ workDir: directory, pulumiCommand: engine });
    if (state === undefined) await workspace.createStack(stack);
    const opened = await Stack.select(stack, Object.assign(workspace, { selectStack: alreadyThere }));
    return { stack: withoutSummary(opened), engine, state };
  } catch (error) {
    throw backendProblem(error, stack);
  }
}

/** Every command names its stack, so that the user's own selection stays, and the engine starts once less. */
async function alreadyThere(): Promise<void> {}

/**
 * Leaves out what the Automation API reads after an update, the outputs and the history: it starts the engine
 * three times for that. The engine's events have said what was pushed.
 */
function withoutSummary(stack: Stack): Stack {
  return Object.assign(stack, { outputs: async () => ({}), info: async () => undefined });
}

const backendProblems = [
  {
    pattern: /PULUMI_ACCESS_TOKEN must be set|please run `?pulumi login|not logged in/i,
    code: "no-backend",
    message: "Pulumi has no state backend",
    fix: "set PULUMI_BACKEND_URL under slipway:environment (s3://…, file://…), or run pulumi login",
  },
  {
    pattern: /passphrase must be set|incorrect passphrase|get stack secrets manager/i,
    code: "no-passphrase",
    message: "Pulumi can't decrypt the stack's secrets",
    fix: "set PULUMI_CONFIG_PASSPHRASE, or check the stack's secrets provider and the permissions for it",
  },
  {
    pattern: /unable to (?:open bucket|read stack|list)|problem logging in|could not get current user/i,
    code: "unreachable-backend",
    message: "Pulumi can't reach its state backend",
    fix: "check PULUMI_BACKEND_URL and its credentials",
  },
] as const;

/** Turns an error of opening a stack into a UserError, if it is one. */
export function backendProblem(error: unknown, stack: string): unknown {
  if (error instanceof UserError || !(error instanceof Error) || error.name === "AbortError") return error;
  const known = backendProblems.find(({ pattern }) => pattern.test(error.message));
  if (known === undefined) return error;
  const detail = /^error: (.*)$/m.exec(error.message)?.[1] ?? firstLine(error);
  return new UserError(
    { code: known.code, where: stackFile(stack), message: `${known.message}: ${detail}`, fix: known.fix },
    { cause: error },
  );
}
