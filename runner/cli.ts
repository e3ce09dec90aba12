#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import yargs from "yargs";
import { UserError } from "../config/problems/errors.ts";
import packageDescription from "../package.json" with { type: "json" };
import { demoCommand } from "../sandbox/commands/demo.ts";
import { sandboxCommand } from "../sandbox/commands/sandbox.ts";
import type { Command, GlobalOptions } from "./cli/command.ts";
import type { DefinedCommand } from "./cli/define.ts";
import { localOptions } from "./cli/options.ts";
import { usageProblems } from "./cli/usage.ts";
import { wordProblems } from "./cli/words.ts";
import { buildCommand } from "./commands/build/command.ts";
import { changedCommand } from "./commands/changed/command.ts";
import { cleanupCommand } from "./commands/cleanup/command.ts";
import { deployCommand } from "./commands/deploy/command.ts";
import { diffCommand } from "./commands/diff/command.ts";
import { doctorCommand } from "./commands/doctor/command.ts";
import { historyCommand } from "./commands/history/command.ts";
import { imagesCommand } from "./commands/images/command.ts";
import { initCommand } from "./commands/init/command.ts";
import { k8sCommand } from "./commands/k8s/command.ts";
import { lifecycleCommand } from "./commands/lifecycle/command.ts";
import { logsCommand } from "./commands/logs/command.ts";
import { outdatedCommand } from "./commands/outdated/command.ts";
import { planCommand } from "./commands/plan/command.ts";
import { promoteCommand } from "./commands/promote/command.ts";
import { reportCommand } from "./commands/report/command.ts";
import { rollbackCommand } from "./commands/rollback/command.ts";
import { scanCommand } from "./commands/scan/command.ts";
import { statusCommand } from "./commands/status/command.ts";
import { verifyCommand } from "./commands/verify/command.ts";
import { waitCommand } from "./commands/wait/command.ts";
import { waiversCommand } from "./commands/waivers/command.ts";
import { whyCommand } from "./commands/why/command.ts";
import { tolerateClosedPipes } from "./report/write.ts";

/** Every command there is. A new one is a new file and a line here. */
export const commands: readonly DefinedCommand[] = [
  deployCommand,
  planCommand,
  changedCommand,
  whyCommand,
  buildCommand,
  statusCommand,
  historyCommand,
  diffCommand,
  rollbackCommand,
  promoteCommand,
  cleanupCommand,
  logsCommand,
  imagesCommand,
  lifecycleCommand,
  scanCommand,
  waiversCommand,
  reportCommand,
  verifyCommand,
  outdatedCommand,
  waitCommand,
  initCommand,
  doctorCommand,
  k8sCommand,
  sandboxCommand,
  demoCommand,
];

/**
 * The parser of a command line.
 *
 * @param width columns that help is wrapped at
 */
export function createParser(words: readonly string[], width: number) {
  return yargs([...words])
    .scriptName("slipway")
    .usage("$0 <command>\n\nBuilds images, pushes them to Amazon ECR, and updates the targets that run them.")
    .version(packageDescription.version)
    .describe("version", "Show the version of Slipway")
    .describe("help", "Show this help")
    .options(localOptions)
    .parserConfiguration({ "dot-notation": false })
    .command([...commands] as Command[])
    .completion("completion", "Print a completion script for bash or zsh")
    .demandCommand(1)
    .strict()
    .wrap(width)
    .epilogue(
      "Exit codes: 0 done, 1 failed or rolled back, 2 usage or configuration error, 3 refused by a gate, 130 interrupted.",
    )
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageRefused(message);
    });
}

/** Runs one command line. Sets the exit code of the process. */
export async function main(words: readonly string[]): Promise<void> {
  tolerateClosedPipes([process.stdout, process.stderr]);
  try {
    const problems = wordProblems(words, commands);
    if (problems.length > 0) throw new UserError(problems);
    // A pseudo-terminal can have no size at all.
    await createParser(words, Math.min(110, process.stdout.columns || 110)).parseAsync();
  } catch (error) {
    await reportRefusal(error, words);
  }
}

/** What yargs says about a command line that it does not take. */
class UsageRefused extends Error {}

async function reportRefusal(error: unknown, words: readonly string[]): Promise<void> {
  const { reportError } = await import("./cli/run.ts");
  const options = {
    debug: words.includes("--debug"),
    output: /--output[= ]json/.test(words.join(" ")) ? "json" : "text",
  } satisfies Pick<GlobalOptions, "debug" | "output">;
  if (!(error instanceof UsageRefused) && !(error instanceof Error && error.name === "YError")) {
    return reportError(error, options);
  }
  await reportError(new UserError(usageProblems(error.message, words, commands)), options);
}

/** Keeps compiled code between runs: a third off the time until a command begins, here and in what it starts. */
function keepCompiledCode(): void {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const { directory } = enableCompileCache(
    process.env.NODE_COMPILE_CACHE ?? join(cache, "slipway", "compiled"),
  );
  if (directory !== undefined) process.env.NODE_COMPILE_CACHE = directory;
}

/** Runs one command line as a whole process, and ends it. */
export async function start(words: readonly string[]): Promise<never> {
  keepCompiledCode();
  await main(words);
  // Nothing that was left open (a connection, a watcher) keeps a finished command from ending.
  process.exit();
}

if (import.meta.main) await start(process.argv.slice(2));
