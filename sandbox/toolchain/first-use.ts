/**
 * What `parts/first-use.ts` puts in a tool's place: gets the tool, links it there, and runs it with the arguments and
 * the environment that it was called with. Says on standard error what it does meanwhile.
 */
import { delimiter, dirname } from "node:path";
import { execa } from "execa";
import { UserError } from "../../config/problems/errors.ts";
import type { RunEvent } from "../../runner/report/events.ts";
import { toolchainVariable } from "../parts/first-use.ts";
import { link } from "../parts/network/link.ts";
import { ensureTool } from "./ensure.ts";
import type { ToolName } from "./tools.ts";

const [name = "", place = "", ...words] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

const { [toolchainVariable]: variables = "{}", ...environment } = process.env;
// Its own script is no tool that is installed.
const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== dirname(place));
Object.assign(process.env, JSON.parse(variables), { PATH: path.join(delimiter) });

try {
  const tool = await ensureTool(name as ToolName, { emit: tell, signal: stop.signal });
  await link(tool.path, place);
  const { exitCode } = await execa(tool.path, words, {
    env: environment,
    extendEnv: false,
    stdio: "inherit",
    reject: false,
    cancelSignal: stop.signal,
  });
  process.exitCode = exitCode ?? 1;
} catch (error) {
  // One line, as callers show the last one.
  const problems =
    error instanceof UserError ? error.problems.map(({ message }) => message) : [String(error)];
  console.error(problems.join("; "));
  process.exitCode = 1;
}

function tell(event: RunEvent): void {
  if (event.kind === "step-started") console.error(event.title);
}
