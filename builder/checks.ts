import { execa } from "execa";
import { z } from "zod";
import { type BuildxBuild, buildxArguments } from "./request.ts";

/** A finding of BuildKit's checks in a Dockerfile. */
export interface BuildWarning {
  readonly rule: string;
  /** Line in the Dockerfile; undefined for the whole file. */
  readonly line: number | undefined;
  readonly message: string;
  readonly url: string | undefined;
}

const checkSchema = z.object({
  warnings: z
    .array(
      z.object({
        ruleName: z.string(),
        description: z.string().optional(),
        detail: z.string().optional(),
        url: z.string().optional(),
        location: z
          .object({ ranges: z.array(z.object({ start: z.object({ line: z.int() }) })).optional() })
          .optional(),
      }),
    )
    .nullish(),
});

/** What BuildKit's checks say of a Dockerfile, or why they say nothing. */
export type CheckedDockerfile =
  | { readonly warnings: readonly BuildWarning[] }
  | { readonly unchecked: string };

/**
 * Runs BuildKit's checks over a Dockerfile: https://docs.docker.com/build/checks/. A Dockerfile that names a frontend
 * (`# syntax=…`) which can't be fetched is checked by the builder's own.
 *
 * @param text the Dockerfile's content
 */
export async function checkDockerfile(
  build: BuildxBuild,
  text: string,
  signal: AbortSignal,
): Promise<CheckedDockerfile> {
  const asWritten = await runChecks(build, undefined, signal);
  const plain = text.replace(/^#\s*syntax\s*=.*$/im, "#");
  if ("warnings" in asWritten || plain === text) return asWritten;
  // The line stays, as a comment, so that the others keep their numbers.
  return runChecks({ ...build, dockerfile: "-" }, plain, signal);
}

async function runChecks(
  build: BuildxBuild,
  input: string | undefined,
  signal: AbortSignal,
): Promise<CheckedDockerfile> {
  const words = ["buildx", "build", "--call=check,format=json", ...buildxArguments(build), build.context];
  const result = await execa("docker", words, {
    cwd: build.directory,
    cancelSignal: signal,
    reject: false,
    ...(input === undefined ? { stdin: "ignore" } : { input }),
  });
  signal.throwIfAborted();
  const warnings = parseChecks(result.stdout ?? "");
  if (warnings !== undefined) return { warnings };
  const last = (result.stderr ?? "").trim().split("\n").at(-1) || result.shortMessage || "no answer";
  return { unchecked: last.slice(0, 300) };
}

/** The parsed output of `--call=check,format=json`; undefined if it is not valid. */
export function parseChecks(text: string): BuildWarning[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = checkSchema.safeParse(json);
  return (
    parsed.data?.warnings?.map(({ ruleName, description, detail, url, location }) => ({
      rule: ruleName,
      line: location?.ranges?.[0]?.start.line,
      message: detail ?? description ?? ruleName,
      url,
    })) ?? (parsed.success ? [] : undefined)
  );
}
