import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../config/canonical-json.ts";
import { serviceOfContext } from "../config/catalogue/contexts.ts";
import { modeOf, type SourceFile } from "./file.ts";
import type { BuildInputs } from "./inputs.ts";

/** Changes with the hash algorithm, so that old and new hashes never match. */
const scheme = "slipway-source-2";

/** A file: mode, hash of its content, path: `100644 <32 hexadecimal digits> www/index.html`. */
const lines = z.array(z.string()).readonly();

const descriptionSchema = z.object({
  scheme: z.string(),
  dockerfile: z.string(),
  /** References in the Dockerfile; they follow from it and the arguments, and are no part of the hash. */
  baseImages: z.array(z.string()).readonly(),
  context: lines,
  namedContexts: z.record(z.string(), lines),
  remoteContexts: z.record(z.string(), z.string()),
  /** Named context → the service whose image it is, and that one's source hash. */
  needs: z.record(z.string(), z.object({ service: z.string(), sourceHash: z.string() })),
  extraInputs: lines,
  stage: z.string().nullable(),
  /** Name → hash of the value. */
  arguments: z.record(z.string(), z.string()),
  /** Ids only. */
  secrets: z.array(z.string()).readonly(),
  platforms: z.array(z.string()).readonly(),
  /** Hash of it. */
  salt: z.string().nullable(),
});

/**
 * The source description of a build, which is stored with the image to explain later changes. It has no
 * content, no argument values, and only the ids of secrets.
 */
export type SourceDescription = z.output<typeof descriptionSchema>;

/** Describes the source of a build in a deterministic order. */
export function describeSource(
  inputs: BuildInputs,
  hashes: Readonly<Record<string, string>>,
): SourceDescription {
  const { service } = inputs;
  return {
    scheme,
    dockerfile: short(inputs.dockerfile.hash),
    baseImages: inputs.baseImages,
    context: describeFiles(inputs.context),
    namedContexts: mapValues(inputs.namedContexts, describeFiles),
    remoteContexts: inputs.remoteContexts,
    needs: Object.fromEntries(
      Object.entries(service.contexts).flatMap(([name, location]) => {
        const needed = serviceOfContext(location);
        if (needed === undefined) return [];
        return [[name, { service: needed, sourceHash: hashes[needed] ?? "" }]];
      }),
    ),
    extraInputs: describeFiles(inputs.extraInputs),
    stage: service.stage ?? null,
    arguments: mapValues(service.arguments, hashOf),
    secrets: Object.keys(service.secrets).sort(),
    platforms: [...service.platforms].sort(),
    salt: service.salt === undefined ? null : hashOf(service.salt),
  };
}

/** The source hash: 32 hexadecimal digits. */
export function hashDescription({ baseImages: _, ...description }: SourceDescription): string {
  return hashOf(
    canonicalJson({
      ...description,
      context: hashOf(description.context.join("\0")),
      namedContexts: mapValues(description.namedContexts, (files) => hashOf(files.join("\0"))),
      extraInputs: hashOf(description.extraInputs.join("\0")),
      needs: mapValues(description.needs, ({ sourceHash }) => sourceHash),
    }),
  );
}

/** A stored description from parsed JSON; undefined if it is not valid. */
export function parseDescription(json: unknown): SourceDescription | undefined {
  const parsed = descriptionSchema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

function describeFiles(files: readonly SourceFile[]): string[] {
  return files.map((file) => `${modeOf(file)} ${short(file.hash)} ${file.path}`);
}

/** Half of SHA-256 is more than enough to tell contents apart, and half as much to keep. */
function short(hash: string): string {
  return hash.slice(0, 32);
}

function hashOf(text: string): string {
  return short(createHash("sha256").update(text).digest("hex"));
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
