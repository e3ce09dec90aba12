import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pRetry from "p-retry";
import type { CommandContext, CommandResult } from "../../runner/cli/command.ts";
import type { Answer } from "./answers.ts";
import type { Chapter } from "./timeline.ts";
import type { Workspace } from "./workspace.ts";

/** What the story needs of the world; each is the real thing. */
export interface Stage {
  readonly context: CommandContext;
  readonly workspace: Workspace;
  readonly stack: string;
  /** `slipway deploy` in the workspace. */
  deploy(services: readonly string[]): Promise<CommandResult>;
  /** What the shop answers now, service by service. */
  ask(): Promise<readonly Answer[]>;
}

/** What was told: chapters with their times, and what `--output json` shows. */
export interface Told {
  readonly chapters: readonly Chapter[];
  readonly before: readonly Answer[];
  readonly after: readonly Answer[];
  readonly afterRollback: readonly Answer[];
  readonly change: CommandResult;
  readonly failure: CommandResult;
  readonly repeat: CommandResult;
}

/**
 * Version that the demo gives `ui` in its so-manieth run: a new one each time, so that there is something
 * to build.
 */
export function demoVersion(run: number): string {
  return `1.${run}.0`;
}

/**
 * The part of the story that deploys: change one service, deploy everything, break one, see it rolled
 * back, deploy what did not change.
 *
 * @throws when something differs from the story: the demo is a promise
 */
export async function tellStory(stage: Stage, version: string): Promise<Told> {
  const { context, workspace } = stage;
  const chapters: Chapter[] = [];
  const chapter = <T>(title: string, work: () => Promise<T>) => timed(chapters, title, work);
  const say = (message: string) => context.emit({ kind: "notice", message });

  const before = await chapter("what the shop answers", () => asked(stage, "The shop answers:"));

  say(`Now a change: commit version ${version} in examples/shop/ui/VERSION.`);
  await workspace.write("examples/shop/ui/VERSION", `${version}\n`);
  const commit = await workspace.commit(`ui ${version}`);
  say(`slipway deploy --stack ${stage.stack}   (commit ${commit}: all services; only ui has changed)`);
  const change = await chapter("deploy the change", () => stage.deploy([]));
  say(change.text);
  expectExit(change, 0, "the deployment of the change");
  const after = await chapter("what it answers now", () => asked(stage, "And now:"));
  if (!after.some((answer) => answer.service === "ui" && answer.text.includes(version))) {
    throw new Error(`ui was deployed, but does not answer with version ${version}`);
  }

  const configuration = "examples/shop/orders/orders.conf";
  const healthy = await readFile(join(workspace.directory, configuration), "utf8");
  say("Now a mistake: orders.conf names an unknown currency. It builds but does not start.");
  await workspace.write(configuration, healthy.replace(/^currency=.*$/m, "currency=EURO"));
  await workspace.commit("orders: another currency");
  say(`slipway deploy orders --stack ${stage.stack}`);
  const failure = await chapter("deploy the mistake, rolled back", () => stage.deploy(["orders"]));
  say(failure.text);
  expectExit(failure, 1, "the deployment of the mistake");
  const afterRollback = await chapter("what it answers after", () =>
    asked(stage, "ECS rolled back to the last version, which still answers:"),
  );

  say("Revert the mistake and deploy everything: a new commit, but nothing to build.");
  await workspace.write(configuration, healthy);
  await workspace.commit("Revert: orders: another currency");
  const repeat = await chapter("deploy what is already built", () => stage.deploy([]));
  say(repeat.text);
  expectExit(repeat, 0, "the deployment of what is already built");
  return { chapters, before, after, afterRollback, change, failure, repeat };
}

/** Runs one chapter and notes how long it took. */
export async function timed<T>(chapters: Chapter[], title: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    return await work();
  } finally {
    chapters.push({ title, seconds: (performance.now() - startedAt) / 1000 });
  }
}

async function asked(stage: Stage, heading: string): Promise<readonly Answer[]> {
  // New tasks and functions take a moment to start.
  const answers = await pRetry(() => stage.ask(), {
    retries: 60,
    minTimeout: 500,
    maxTimeout: 1_000,
    signal: stage.context.signal,
  });
  const width = Math.max(...answers.map((answer) => answer.service.length));
  const lines = answers.map((answer) => `  ${answer.service.padEnd(width)}  ${answer.text}`);
  stage.context.emit({ kind: "notice", message: [heading, ...lines].join("\n") });
  return answers;
}

/** @throws when a command of the story ended in another way */
export function expectExit(result: CommandResult, exitCode: number, what: string): void {
  if (result.exitCode !== exitCode) {
    throw new Error(`${what} ended with exit code ${result.exitCode}, not ${exitCode}`);
  }
}

/** How many times the demo has been run here, this one included; a run that does not count changes nothing. */
export async function countRun(file: string, counts: boolean): Promise<number> {
  const run = Number.parseInt(await readFile(file, "utf8").catch(() => "0"), 10) + 1;
  if (counts) await writeFile(file, `${run}\n`);
  return run;
}
