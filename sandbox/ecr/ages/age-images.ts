import pMap from "p-map";
import { z } from "zod";
import type { Backend } from "../backend.ts";
import { EcrError } from "../protocol.ts";
import type { Aged, AgeRequest } from "./request.ts";
import type { Age, Ages } from "./store.ts";

const describedSchema = z.object({
  imageDetails: z.array(
    z.object({
      imageDigest: z.string(),
      imageTags: z.array(z.string()).default([]),
      imagePushedAt: z.number(),
    }),
  ),
});

const manifestSchema = z.looseObject({
  manifests: z.array(z.looseObject({ digest: z.string() })).default([]),
  subject: z.looseObject({ digest: z.string() }).optional(),
});

/** A manifest of the repository, with what it hangs together with. */
interface Listed {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Seconds since 1970, as the emulator has it. */
  readonly reallyPushedAt: number;
  readonly children: readonly string[];
  readonly subject: string | undefined;
}

const daySeconds = 86_400;

/**
 * Gives images of a repository dates in the past. Platforms get those of their index, and artifacts those of their
 * subject.
 *
 * @param now seconds since 1970
 * @throws EcrError for an image that is not there; Refused for a repository that is not
 */
export async function ageImages(
  { repository, images }: AgeRequest,
  { backend, ages }: { readonly backend: Backend; readonly ages: Ages },
  now: number,
): Promise<Aged> {
  const listed = await list(backend, repository);
  const wholes = wholesOf(listed);
  const roots = [...wholes.keys()];
  const wanted = Array.isArray(images)
    ? images.flatMap(({ image, ...given }) =>
        found(image, roots, repository).map((root) => ({ root, ...given })),
      )
    : roots.map((root, index) => ({
        root,
        pushedDaysAgo: images.over * (1 - (index + 1) / (roots.length + 1)),
        pulledDaysAgo: undefined,
      }));
  const given = wanted.map(({ root, pushedDaysAgo, pulledDaysAgo }) => ({
    root,
    parts: wholes.get(root) ?? [],
    pushedAt: Math.floor(now - pushedDaysAgo * daySeconds),
    pulledAt: pulledDaysAgo === undefined ? undefined : Math.floor(now - pulledDaysAgo * daySeconds),
  }));
  await ages.set(
    repository,
    new Map(
      given.flatMap(({ root, parts, pushedAt, pulledAt }) =>
        [root, ...parts].map(({ digest, reallyPushedAt }): [string, Age] => [
          digest,
          { reallyPushedAt, pushedAt, ...(pulledAt !== undefined && { pulledAt }) },
        ]),
      ),
    ),
  );
  return {
    images: given.map(({ root, parts, pushedAt, pulledAt }) => ({
      digest: root.digest,
      tags: [...root.tags],
      pushedAt: dateOf(pushedAt),
      ...(pulledAt !== undefined && { pulledAt: dateOf(pulledAt) }),
      parts: parts.length,
    })),
  };
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function found(image: string | undefined, roots: readonly Listed[], repository: string): readonly Listed[] {
  if (image === undefined) return roots;
  const one = roots.find(({ digest, tags }) => digest === image || tags.includes(image));
  if (one !== undefined) return [one];
  throw new EcrError(
    "ImageNotFoundException",
    `${repository} has no image ${image}, or only as a part of another`,
  );
}

/** Images in the order of their pushes, each with its platforms and artifacts at any depth. */
function wholesOf(listed: readonly Listed[]): ReadonlyMap<Listed, readonly Listed[]> {
  const byDigest = new Map(listed.map((one) => [one.digest, one]));
  const children = new Set(listed.flatMap((one) => one.children));
  const isPart = ({ digest, subject }: Listed) =>
    children.has(digest) || (subject !== undefined && byDigest.has(subject));
  const partsOf = (root: Listed) => {
    const whole = new Set([root]);
    for (const one of whole) {
      for (const child of one.children) {
        const known = byDigest.get(child);
        if (known !== undefined) whole.add(known);
      }
      for (const other of listed) if (other.subject === one.digest) whole.add(other);
    }
    whole.delete(root);
    return [...whole];
  };
  return new Map(listed.filter((one) => !isPart(one)).map((root) => [root, partsOf(root)]));
}

/** What the repository holds, in the order of its pushes. */
async function list(backend: Backend, repositoryName: string): Promise<readonly Listed[]> {
  const { imageDetails } = describedSchema.parse(
    await backend.call("DescribeImages", { repositoryName }, unsigned),
  );
  return pMap(
    imageDetails,
    async ({ imageDigest: digest, imageTags: tags, imagePushedAt: reallyPushedAt }): Promise<Listed> => {
      const stored = await backend.manifest(repositoryName, digest);
      const { manifests = [], subject } = manifestSchema.safeParse(jsonOf(stored?.text)).data ?? {};
      const children = manifests.map((one) => one.digest);
      return { digest, tags, reallyPushedAt, children, subject: subject?.digest };
    },
    { concurrency: 8 },
  );
}

/** The emulator finds the repository's own region when nobody has signed. */
const unsigned = "";

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
