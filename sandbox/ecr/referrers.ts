import { z } from "zod";
import type { Backend, StoredManifest } from "./backend.ts";

/** A manifest with a subject, as the list of the subject's referrers has it. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const manifestSchema = z.looseObject({
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: z.looseObject({ mediaType: z.string().optional() }).optional(),
  subject: z.looseObject({ digest: z.string() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/**
 * What a manifest refers to, and its entry in the list of referrers; undefined for one without a subject.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export function readReferrer(
  digest: string,
  { mediaType, text }: StoredManifest,
): { readonly subject: string; readonly referrer: Referrer } | undefined {
  const parsed = manifestSchema.safeParse(parse(text));
  if (!parsed.success || parsed.data.subject === undefined) return undefined;
  const { subject, config, annotations } = parsed.data;
  const artifactType = parsed.data.artifactType ?? config?.mediaType;
  return {
    subject: subject.digest,
    referrer: {
      mediaType: parsed.data.mediaType ?? mediaType,
      digest,
      size: Buffer.byteLength(text),
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What manifests refer to, by digest: a manifest never changes. */
const known = new Map<string, ReturnType<typeof readReferrer>>();

/**
 * The referrers of a manifest, by what is in its repository now: so those that were deleted, or that a restarted
 * emulator has lost, are not among them.
 *
 * @throws Refused when the repository does not exist
 */
export async function listReferrers(
  backend: Backend,
  repository: string,
  subject: string,
  authorization: string,
): Promise<readonly Referrer[]> {
  const found: Referrer[] = [];
  for (const digest of await digestsOf(backend, repository, authorization)) {
    if (!known.has(digest)) {
      const stored = await backend.manifest(repository, digest);
      if (stored !== undefined) known.set(digest, readReferrer(digest, stored));
    }
    const one = known.get(digest);
    if (one?.subject === subject) found.push(one.referrer);
  }
  return found;
}

const imagesSchema = z.object({
  imageIds: z.array(z.object({ imageDigest: z.string() })),
  nextToken: z.string().optional(),
});

async function digestsOf(
  backend: Backend,
  repositoryName: string,
  authorization: string,
): Promise<ReadonlySet<string>> {
  const digests = new Set<string>();
  let nextToken: string | undefined;
  do {
    const input = { repositoryName, ...(nextToken === undefined ? {} : { nextToken }) };
    const answer = imagesSchema.parse(await backend.call("ListImages", input, authorization));
    for (const { imageDigest } of answer.imageIds) digests.add(imageDigest);
    ({ nextToken } = answer);
  } while (nextToken !== undefined);
  return digests;
}
