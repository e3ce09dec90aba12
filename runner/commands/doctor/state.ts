import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { stackFile } from "../../../config/description/description.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { findEngine } from "../../stack/engine.ts";
import { backendProblem } from "../../stack/open.ts";
import type { Check } from "./document.ts";
import { refused } from "./refused.ts";

const stacksSchema = z.array(z.object({ name: z.string() }));

/** Checks that Pulumi can reach its state, that the stack exists, and that its passphrase is set. */
export async function checkState(
  directory: string,
  stack: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Check> {
  const name = "state";
  const where = environment.PULUMI_BACKEND_URL ?? "the backend that Pulumi is logged in to";
  try {
    const engine = await findEngine(signal);
    const { stdout } = await engine.run(["stack", "ls", "--json", "--non-interactive"], directory, {});
    const there = stacksSchema
      .parse(JSON.parse(stdout))
      .some((each) => each.name.split("/").at(-1) === stack);
    const file = await readFile(join(directory, stackFile(stack)), "utf8").catch(() => "");
    const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile } =
      environment;
    if (/^encryptionsalt:/m.test(file) && passphrase === undefined && passphraseFile === undefined) {
      return {
        name,
        state: "fail",
        message: `${where} responds, but the passphrase that encrypts the stack's secrets is not set`,
        fix: "set PULUMI_CONFIG_PASSPHRASE, from a secret of the repository or its environment",
      };
    }
    return there
      ? { name, state: "ok", message: `${where} has the stack ${stack}` }
      : {
          name,
          state: "warn",
          message: `${where} responds, but has no stack ${stack} yet`,
          fix: `run pulumi stack init ${stack} and pulumi up once, with permissions to create what the stack declares`,
        };
  } catch (error) {
    signal.throwIfAborted();
    const problem = backendProblem(error, stack);
    if (problem instanceof UserError) return refused(name, problem);
    throw error;
  }
}
