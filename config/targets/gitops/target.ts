import { z } from "zod";
import { orderSchema } from "../order.ts";
import { type FollowSettings, followSchema, resolveFollow } from "./follow.ts";
import { type PathStep, parsePath } from "./path.ts";
import { type PullRequestSettings, pullRequestSchema } from "./pull-request.ts";

const pathText = z
  .string()
  .min(1)
  .refine((text) => parsePath(text) !== undefined, "is not a path such as spec.containers[name=ui].image");

const fileSchema = z
  .strictObject({
    path: z.string().min(1).describe("Path of the file in the repository; Slipway replaces ${stack}"),
    kustomize: z
      .string()
      .min(1)
      .optional()
      .describe("The entry of images in a kustomization that has this name; Slipway replaces ${stack}"),
    helm: pathText
      .optional()
      .describe(
        "Key of Helm values: a map with repository and tag or digest, or the whole reference in one string",
      ),
    yaml: pathText
      .optional()
      .describe(
        "Path of a whole image reference in any YAML file: spec.template.spec.containers[name=ui].image",
      ),
    create: z
      .boolean()
      .optional()
      .describe(
        "Kustomizations only: whether Slipway adds the entry, or keys of it, if it is missing. Default: false",
      ),
  })
  .refine(
    ({ kustomize, helm, yaml }) => [kustomize, helm, yaml].filter((one) => one !== undefined).length === 1,
    "needs one of kustomize, helm and yaml",
  )
  .refine(
    ({ kustomize, create }) => create === undefined || kustomize !== undefined,
    "create is for kustomize only",
  );

export const gitopsTargetSchema = z
  .strictObject({
    kind: z.literal("gitops"),
    repository: z
      .string()
      .min(1)
      .describe(
        "Address of the repository with the manifests, or a path relative to the project's directory; Slipway replaces ${stack}",
      ),
    branch: z
      .string()
      .min(1)
      .default("main")
      .describe("Branch that Slipway commits to; it replaces ${stack}"),
    files: z.array(fileSchema).min(1).max(50).describe("Where the manifests name the image"),
    write: z
      .enum(["digest", "tag", "tag@digest"])
      .default("digest")
      .describe(
        "How Slipway writes the image: by digest, by the tag of its source, or by digest with that tag in front",
      ),
    deliver: z
      .enum(["push", "pull-request"])
      .default("push")
      .describe(
        "How the commit reaches the branch: Slipway pushes it, or proposes it by a pull request (GitLab: merge request)",
      ),
    commit: z
      .enum(["git", "api"])
      .default("git")
      .describe(
        "Who makes the commit: git with its own identity and key, or GitHub through its REST API, which signs what a GitHub App commits",
      ),
    pullRequest: pullRequestSchema.optional(),
    tokenEnvironment: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is not the name of an environment variable")
      .optional()
      .describe(
        "Name of the environment variable with a token for an https address; default: git's own credentials",
      ),
    follow: followSchema,
    order: orderSchema,
  })
  .describe("An image in the manifests of a git repository, which Argo CD, Flux or somebody else applies");

export type WrittenGitopsTarget = z.output<typeof gitopsTargetSchema>;

/** A place in a manifest that names an image. */
export type ManifestPlace = { readonly path: string } & (
  | { readonly kind: "kustomize"; readonly name: string; readonly create: boolean }
  | { readonly kind: "helm" | "yaml"; readonly steps: readonly PathStep[]; readonly key: string }
);

/** A GitOps target as one stack sees it. */
export interface GitopsTarget
  extends Omit<WrittenGitopsTarget, "files" | "follow" | "tokenEnvironment" | "pullRequest"> {
  readonly files: readonly ManifestPlace[];
  readonly tokenEnvironment?: string;
  readonly pullRequest?: PullRequestSettings;
  readonly follow: FollowSettings;
}

/**
 * A GitOps target as one stack sees it.
 *
 * @param forStack replaces ${stack} with the name of the stack
 */
export function resolveGitopsTarget(
  { tokenEnvironment, pullRequest, ...target }: WrittenGitopsTarget,
  _service: string,
  forStack: (text: string) => string,
): GitopsTarget {
  return {
    ...target,
    repository: forStack(target.repository),
    branch: forStack(target.branch),
    ...(tokenEnvironment === undefined ? {} : { tokenEnvironment }),
    ...(pullRequest === undefined ? {} : { pullRequest }),
    files: target.files.map((file): ManifestPlace => {
      const path = forStack(file.path);
      if (file.kustomize !== undefined) {
        return { path, kind: "kustomize", name: forStack(file.kustomize), create: file.create ?? false };
      }
      const kind = file.helm === undefined ? "yaml" : "helm";
      const key = forStack(file.helm ?? file.yaml ?? "");
      return { path, kind, key, steps: parsePath(key) ?? [] };
    }),
    follow: resolveFollow(target.follow, forStack),
  };
}

/** A place in few words: `images[ui]`, `image`, `spec.template.spec.containers[name=ui].image`. */
export function placeName(place: ManifestPlace): string {
  return place.kind === "kustomize" ? `images[${place.name}]` : place.key;
}
