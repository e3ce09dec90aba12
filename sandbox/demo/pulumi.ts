import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { UserError } from "../../config/problems/errors.ts";
import { type Emit, runStep } from "../../runner/report/events.ts";
import { withTemporaryFolder } from "../../runner/stack/temporary-folder.ts";

/** One `pulumi up` by hand, as a platform engineer types it. */
export interface PulumiUp {
  readonly title: string;
  /** The Pulumi project's directory. */
  readonly directory: string;
  readonly stack: string;
  /** Environment of the stack. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Runs `pulumi up`, its output as the step's log.
 *
 * @throws UserError with the last lines when it fails
 */
export async function pulumiUp(up: PulumiUp): Promise<void> {
  await runStep(up.emit, { id: `pulumi up ${up.title}`, title: `pulumi up: ${up.title}` }, async (step) => {
    const result = await withTemporaryFolder("engine", async (temporary) => {
      const pulumi = (words: readonly string[]) => startPulumi(up, temporary, words);
      const selected = await pulumi(["stack", "select", "--create"]);
      if (selected.failed) throw failure(up, selected.all ?? "", selected.cause);
      const running = pulumi(["up", "--yes", "--skip-preview", "--suppress-progress"]);
      for await (const line of running.iterable({ from: "all" })) {
        if (isNews(String(line))) step.log(String(line));
      }
      return await running;
    });
    up.signal.throwIfAborted();
    if (result.failed) throw failure(up, result.all ?? "", result.cause);
    step.conclude("done", summary(result.all ?? ""));
  });
}

type Where = Pick<PulumiUp, "directory" | "stack" | "environment" | "signal">;

function startPulumi(where: Where, temporary: string, words: readonly string[]) {
  return execa("pulumi", [...words, "--stack", where.stack, "--non-interactive"], {
    cwd: where.directory,
    env: { ...where.environment, TMPDIR: temporary },
    extendEnv: false,
    cancelSignal: where.signal,
    // The engine winds up cleanly on SIGINT, and is ended when it does not.
    killSignal: "SIGINT",
    forceKillAfterDelay: 20_000,
    all: true,
    reject: false,
    stdin: "ignore",
  });
}

/** Runs `pulumi preview`, to see what it says; a program that refuses is no failure here. */
export async function pulumiPreview(
  where: Where,
): Promise<{ readonly failed: boolean; readonly output: string }> {
  const result = await withTemporaryFolder("engine", async (temporary) =>
    startPulumi(where, temporary, ["preview"]),
  );
  where.signal.throwIfAborted();
  return { failed: result.failed, output: result.all ?? "" };
}

/** Whether a line says more than that something is in progress. */
export function isNews(line: string): boolean {
  return line.trim() !== "" && !/^@|^ .* (?:creating|updating|replacing|deleting) \(\d+s\)/.test(line);
}

/** `97 created`, `3 updated, 94 unchanged`: what Pulumi counts at the end. */
export function summary(output: string): string {
  const [, counts = ""] = output.split(/^Resources:$/m);
  return [...counts.matchAll(/^\s+(?:[-+~]+ ?)?(\d+ (?:created|updated|deleted|replaced|unchanged))$/gm)]
    .map(([, count]) => count)
    .join(", ");
}

function failure(up: PulumiUp, output: string, cause: unknown): UserError {
  return new UserError(
    {
      code: "pulumi-failed",
      where: up.directory,
      message: `pulumi up of ${up.title} failed:\n${output.split("\n").slice(-20).join("\n")}`,
      fix: "read the output above; `slipway sandbox status` shows whether all parts are up",
    },
    { exitCode: 1, cause },
  );
}

/**
 * Writes the sandbox stack of the application team's project: the same account as the platform's
 * stack, whose outputs it reads.
 */
export async function writeAppStack(platform: string, app: string, stack: string): Promise<void> {
  const file = `Pulumi.${stack}.yaml`;
  const written = parse(await readFile(join(platform, file), "utf8")) as {
    readonly config: Readonly<Record<string, unknown>>;
  };
  const aws = Object.entries(written.config).filter(([key]) => key.startsWith("aws:"));
  const config = { ...Object.fromEntries(aws), "shop-app:platform": `organization/slipway/${stack}` };
  await writeFile(join(app, file), stringify({ config }));
}
