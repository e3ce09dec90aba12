import { posix } from "node:path";
import { z } from "zod";
import { hostAndPath } from "../../../../config/targets/gitops/address.ts";
import type { FilePlace } from "./places.ts";

const sourceSchema = z.object({
  repoURL: z.string(),
  targetRevision: z.string().optional(),
  path: z.string().optional(),
  ref: z.string().optional(),
  helm: z.object({ valueFiles: z.array(z.string()).optional() }).optional(),
  directory: z.object({ recurse: z.boolean().optional() }).optional(),
});

const applicationSchema = z
  .object({
    apiVersion: z.string().startsWith("argoproj.io/"),
    kind: z.literal("Application"),
    metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
    spec: z.object({ source: sourceSchema.optional(), sources: z.array(sourceSchema).optional() }),
  })
  .transform(({ metadata, spec }) => ({
    ...metadata,
    sources: [...(spec.source === undefined ? [] : [spec.source]), ...(spec.sources ?? [])],
  }));

type Source = z.output<typeof sourceSchema>;

/**
 * An Application of Argo CD, as far as it says what it deploys.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/
 */
export type Application = z.output<typeof applicationSchema>;

/** The Application that a document describes; undefined for any other object. */
export function applicationIn(document: unknown): Application | undefined {
  return applicationSchema.safeParse(document).data;
}

/**
 * The source of an Application that deploys a place of a repository; undefined when it deploys something else.
 *
 * @param repository its address, as services.yaml names it
 */
export function sourceOf(
  { sources }: Application,
  repository: string,
  place: FilePlace,
): { readonly revision: string | undefined } | undefined {
  const values = new Map(
    sources.flatMap((source) => (source.ref === undefined ? [] : [[source.ref, source]])),
  );
  const source = sources
    .map((one) => deploying(one, values, repository, place))
    .find((one) => one !== undefined);
  return source && { revision: source.targetRevision };
}

function deploying(
  source: Source,
  values: ReadonlyMap<string, Source>,
  repository: string,
  place: FilePlace,
): Source | undefined {
  const isHere = isSameRepository(source.repoURL, repository);
  const folder = topped(source.path ?? ".");
  const parent = posix.dirname(place.path);
  if (place.kustomize !== undefined) return isHere && parent === folder ? source : undefined;
  if (place.yaml !== undefined) {
    const isBelow = source.directory?.recurse === true && (folder === "." || parent.startsWith(`${folder}/`));
    return isHere && source.path !== undefined && (parent === folder || isBelow) ? source : undefined;
  }
  if (isHere && source.path !== undefined && place.path === posix.join(folder, "values.yaml")) return source;
  for (const file of source.helm?.valueFiles ?? []) {
    const [, ref, inside = ""] = /^\$([^/]+)\/(.+)$/.exec(file) ?? [];
    const holder = ref === undefined ? source : values.get(ref);
    if (holder === undefined || !isSameRepository(holder.repoURL, repository)) continue;
    const path =
      ref !== undefined ? topped(inside) : file.startsWith("/") ? topped(file) : posix.join(folder, file);
    if (path === place.path) return holder;
  }
  return undefined;
}

/** The value files that Applications name, of a repository. */
export function valueFilesOf(
  applications: readonly Application[],
  repository: string | undefined,
): ReadonlySet<string> {
  if (repository === undefined) return new Set();
  return new Set(
    applications.flatMap(({ sources }) =>
      sources.flatMap((source) =>
        (source.helm?.valueFiles ?? []).map((file) =>
          file.startsWith("$")
            ? topped(file.replace(/^\$[^/]+\//, ""))
            : file.startsWith("/")
              ? topped(file)
              : posix.join(topped(source.path ?? "."), file),
        ),
      ),
    ),
  );
}

/** A path from the top of a repository, as git writes it; the top itself is `.`. */
export function topped(path: string): string {
  return posix.normalize(path).replace(/^\/+|\/+$/g, "") || ".";
}

/** Whether two addresses are of one repository, by whatever way they lead there. */
export function isSameRepository(one: string, other: string): boolean {
  const [a, b] = [hostAndPath(one), hostAndPath(other)];
  if (a === undefined || b === undefined) return one === other;
  return `${a.host}/${a.path}`.toLowerCase() === `${b.host}/${b.path}`.toLowerCase();
}
