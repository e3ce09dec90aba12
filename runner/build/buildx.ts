import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { parseManifest } from "../../builder/manifest.ts";
import { type BuildxBuild, buildxArguments } from "../../builder/request.ts";

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
