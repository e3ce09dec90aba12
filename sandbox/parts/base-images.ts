import { createHash } from "node:crypto";
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { CreateRepositoryCommand, ECRClient, RepositoryAlreadyExistsException } from "@aws-sdk/client-ecr";
import { execa } from "execa";
import { request } from "undici";
import { UserError } from "../../config/problems/errors.ts";
import type { Step } from "../../runner/report/events.ts";
import { builderName, buildxEnvironment } from "./builder.ts";
import {
  answerMilliseconds,
  type Health,
  healthy,
  type Part,
  type Sandbox,
  type Started,
  unhealthy,
} from "./part.ts";

const images = join(import.meta.dirname, "..", "images");

/** Public base images and their replacements: a stage of `images/Dockerfile`, a repository and a tag. */
export const standIns = [
  {
    replaces: "public.ecr.aws/docker/library/busybox:1.37",
    stage: "busybox",
    repository: "slipway-base/busybox",
    tag: "1.37",
  },
  {
    replaces: "public.ecr.aws/lambda/provided:al2023",
    stage: "lambda",
    repository: "slipway-base/lambda-provided",
    tag: "al2023",
  },
] as const;

/** Base images for the examples, in the sandbox's registry. */
export const baseImages: Part = {
  name: "base-images",
  title: "Base images: BusyBox and Lambda for amd64 and arm64, in the sandbox's registry",
  needs: ["builder", "registry"],
  tools: ["busybox-amd64", "busybox-arm64", "lambda-rie-amd64", "lambda-rie-arm64"],
  check,
  start,
  // They go with the registry.
  stop: async () => {},
};

/** Reference in a FROM → reference in the sandbox's registry. */
export function baseImageReferences(registry: string): Record<string, string> {
  return Object.fromEntries(
    standIns.map(({ replaces, repository, tag }) => [replaces, `${registry}/${repository}:${tag}`]),
  );
}

async function check({ store }: Sandbox): Promise<Health> {
  const { endpoint } = store.current();
  const found = await Promise.all(standIns.map((image) => isPushed(endpoint, image)));
  const missing = standIns.filter((_, index) => !found[index]);
  return missing.length === 0 ? healthy : unhealthy(`the registry does not have ${missing[0]?.repository}`);
}

async function isPushed(endpoint: string, image: (typeof standIns)[number]): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${endpoint}/v2/${image.repository}/manifests/${image.tag}`, {
      method: "HEAD",
      headers: { accept: "application/vnd.oci.image.index.v1+json" },
      signal: AbortSignal.timeout(answerMilliseconds),
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

async function start(sandbox: Sandbox, step: Step): Promise<Started> {
  const { store } = sandbox;
  const context = await gather(sandbox);
  const { registry } = store.current();
  const busybox = await sandbox.tool("busybox-amd64");
  const started: Started = {
    version: busybox.version,
    origin: "sandbox",
    address: `${registry}/slipway-base`,
  };
  await store.update((state) => ({ ...state, baseImages: baseImageReferences(registry) }));
  const inputs = await hashOf(context);
  const pushed = await readFile(pushedFile(sandbox), "utf8").catch(() => "");
  // The emulator keeps its images over `down`; after a crash it has lost them.
  if (pushed === inputs && (await check(sandbox)).healthy) {
    step.progress("already in the registry");
    return started;
  }
  await createRepositories(sandbox);
  const buildx = await sandbox.tool("buildx");
  await Promise.all(
    standIns.map(({ stage, repository, tag }) =>
      build(sandbox, buildx.path, [
        "build",
        ...["--builder", builderName],
        ...["--platform", "linux/amd64,linux/arm64"],
        ...["--target", stage],
        // Times in the image are the same each time, and so is its digest.
        ...["--build-arg", "SOURCE_DATE_EPOCH=0"],
        "--provenance=false",
        ...["--output", [...output, `name=${registry}/${repository}:${tag}`].join(",")],
        "--progress=plain",
        context,
      ]),
    ),
  );
  await writeFile(pushedFile(sandbox), inputs);
  return started;
}

function pushedFile({ folder }: Sandbox): string {
  return `${folder.baseImages}.pushed`;
}

/** Of all that the images are built from. */
async function hashOf(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const file of files.sort()) hash.update(relative(directory, file)).update(await readFile(file));
  return hash.digest("hex");
}

/** Tools that go into the images, by the names that the Dockerfile has for them. */
const programs = [
  ["busybox-amd64", "busybox-amd64"],
  ["busybox-arm64", "busybox-arm64"],
  ["lambda-rie-amd64", "aws-lambda-rie-amd64"],
  ["lambda-rie-arm64", "aws-lambda-rie-arm64"],
] as const;

/** Fast compression: the registry is on this machine, and keeps what it has in memory. */
const output = [
  "type=image",
  "push=true",
  "oci-mediatypes=true",
  "rewrite-timestamp=true",
  "compression-level=1",
];

/** Puts Dockerfile and programs together. */
async function gather(sandbox: Sandbox): Promise<string> {
  const context = sandbox.folder.baseImages;
  await rm(context, { recursive: true, force: true });
  await mkdir(join(context, "programs"), { recursive: true });
  await cp(images, context, { recursive: true });
  // A clone has the modes of the user's umask; an image must not.
  for (const entry of await readdir(context, { recursive: true, withFileTypes: true })) {
    const executable = entry.isDirectory() || entry.name.endsWith(".sh");
    await chmod(join(entry.parentPath, entry.name), executable ? 0o755 : 0o644);
  }
  await Promise.all(
    programs.map(async ([tool, file]) => {
      const { path } = await sandbox.tool(tool);
      await cp(path, join(context, "programs", file), { dereference: true });
      await chmod(join(context, "programs", file), 0o755);
    }),
  );
  return context;
}

async function createRepositories({ store, signal }: Sandbox): Promise<void> {
  const { endpoint, region } = store.current();
  const client = new ECRClient({
    endpoint,
    region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  try {
    await Promise.all(
      standIns.map(async ({ repository }) => {
        try {
          await client.send(new CreateRepositoryCommand({ repositoryName: repository }), {
            abortSignal: signal,
          });
        } catch (error) {
          if (!(error instanceof RepositoryAlreadyExistsException)) throw error;
        }
      }),
    );
  } finally {
    client.destroy();
  }
}

/** @throws UserError with the build's last lines when it fails */
async function build(sandbox: Sandbox, buildx: string, args: readonly string[]): Promise<void> {
  const { exitCode, all } = await execa(buildx, args, {
    env: buildxEnvironment(sandbox),
    extendEnv: false,
    all: true,
    reject: false,
    cancelSignal: sandbox.signal,
  });
  sandbox.signal.throwIfAborted();
  if (exitCode === 0) return;
  const full = /no space left on device|disk quota exceeded/i.test(all);
  throw new UserError(
    {
      code: full ? "disk-full" : "base-image-failed",
      where: join(images, "Dockerfile"),
      message: `${full ? "the disk is full: " : ""}a base image could not be built; last output:\n${all
        .trimEnd()
        .split("\n")
        .slice(-12)
        .map((line) => `    ${line}`)
        .join("\n")}`,
      fix: full
        ? "free some space and run the command again"
        : "look at the logs of buildkit, beside this one's",
    },
    { exitCode: 1 },
  );
}
