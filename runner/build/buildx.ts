import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { parseManifest } from "../../builder/manifest.ts";

/** The options of `docker buildx build`, except its output. */
export interface BuildxBuild {
  /** Working directory, for the relative paths below. */
  readonly directory: string;
  /** Name of the builder; undefined: the machine's current one. */
  readonly builder: string | undefined;
  readonly context: string;
  readonly dockerfile: string;
  readonly contexts: Readonly<Record<string, string>>;
  readonly arguments: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly stage: string | undefined;
  readonly platforms: readonly string[];
  /** Secret id → environment variable. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Arguments of `docker buildx build` for the input. */
export function buildxArguments(build: BuildxBuild): string[] {
  const each = (flag: string, pairs: Readonly<Record<string, string>>) =>
    Object.entries(pairs).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  return [
    ...(build.builder === undefined ? [] : ["--builder", build.builder]),
    "--file",
    build.dockerfile,
    ...(build.stage === undefined ? [] : ["--target", build.stage]),
    ...each("--build-arg", build.arguments),
    ...each("--build-context", build.contexts),
    ...each("--label", build.labels),
    ...Object.entries(build.secrets).flatMap(([id, variable]) => ["--secret", `id=${id},env=${variable}`]),
  ];
}

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

/**
 * Runs BuildKit's checks over a Dockerfile: https://docs.docker.com/build/checks/. Undefined: it has none.
 */
export async function checkDockerfile(
  build: BuildxBuild,
  signal: AbortSignal,
): Promise<readonly BuildWarning[] | undefined> {
  const result = await execa(
    "docker",
    ["buildx", "build", "--call=check,format=json", ...buildxArguments(build), build.context],
    { cwd: build.directory, cancelSignal: signal, reject: false, stdin: "ignore" },
  );
  signal.throwIfAborted();
  return parseChecks(result.stdout);
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

/**
 * Where a build's result goes: a folder in the OCI layout, for one platform (buildx makes none from
 * several nodes), or a registry.
 */
export type BuildxOutput =
  | {
      readonly kind: "folder";
      readonly folder: string;
      /** A cache in a registry to read, if it exists. */
      readonly cache?: CacheSource | undefined;
    }
  | {
      readonly kind: "push";
      /** `<registry>/<repository>:<tag>` */
      readonly reference: string;
      /** Environment with credentials for the registry. */
      readonly environment: Readonly<Record<string, string>>;
    };

/** A build cache in a registry. */
export interface CacheSource {
  /** `<registry>/<repository>:<tag>` */
  readonly reference: string;
  /** Environment with credentials for the registry. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Arguments of `docker buildx build` for the output. */
export function outputArguments(output: BuildxOutput): string[] {
  const to =
    output.kind === "folder"
      ? `type=oci,tar=false,oci-mediatypes=true,dest=${output.folder}`
      : `type=image,"name=${output.reference}",push=true,oci-mediatypes=true`;
  // A missing or unreadable cache is only a line in BuildKit's log.
  const cache =
    output.kind === "folder" && output.cache !== undefined
      ? ["--cache-from", `type=registry,ref=${output.cache.reference}`]
      : [];
  return ["--provenance=false", "--sbom=false", ...cache, "--output", to];
}

/** A failed build, with BuildKit's last lines. */
export class BuildFailed extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.at(-1) ?? "the build failed");
    this.name = "BuildFailed";
    this.lines = lines;
  }
}

/**
 * Builds an image, for several platforms at once if it is pushed.
 *
 * @throws BuildFailed
 */
export async function runBuild(
  build: BuildxBuild,
  output: BuildxOutput,
  { log, signal }: { readonly log: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const environment = output.kind === "push" ? output.environment : output.cache?.environment;
  const child = execa(
    "docker",
    [
      "buildx",
      "build",
      "--progress=plain",
      "--platform",
      build.platforms.join(","),
      ...buildxArguments(build),
      ...outputArguments(output),
      build.context,
    ],
    {
      cwd: build.directory,
      cancelSignal: signal,
      reject: false,
      stdin: "ignore",
      lines: true,
      ...(environment === undefined ? {} : { env: { ...environment } }),
    },
  );
  for await (const line of child.iterable({ from: "stderr" })) log(line);
  const result = await child;
  signal.throwIfAborted();
  if (!result.failed) return;
  const lines = result.stderr.filter((line) => line.trim() !== "");
  throw new BuildFailed(lines.length > 0 ? lines.slice(-20) : [result.shortMessage ?? "buildx failed"]);
}

const layoutSchema = z.object({ manifests: z.array(z.object({ digest: z.string() })).min(1) });

/** The image of a build for one platform. */
export interface BuiltPlatform {
  readonly platform: string;
  readonly digest: string;
  /** Compressed size of layers and configuration. */
  readonly bytes: number;
}

/** Reads an OCI layout with one platform's image. */
export async function readLayout(folder: string, platform: string): Promise<BuiltPlatform> {
  const blob = (digest: string) => readFile(join(folder, "blobs", digest.replace(":", "/")), "utf8");
  const layout = layoutSchema.parse(JSON.parse(await readFile(join(folder, "index.json"), "utf8")));
  let digest = layout.manifests[0]?.digest ?? "";
  let manifest = parseManifest(await blob(digest));
  if (manifest.kind === "index") {
    digest = Object.values(manifest.manifests)[0] ?? digest;
    manifest = parseManifest(await blob(digest));
  }
  if (manifest.kind === "index") throw new Error(`${folder} contains no image`);
  return { platform, digest, bytes: manifest.bytes };
}
