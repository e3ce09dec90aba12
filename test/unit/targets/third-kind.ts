import { z } from "zod";
import type { ImageContainer, TargetDeclaration } from "../../../config/targets/target.ts";
import { plannedReference } from "../../../runner/registry/image.ts";
import type { TargetKind, TargetOutcome, TargetPlan } from "../../../runner/targets/target.ts";

/** A kind that no list names: a line in a file that somebody else deploys. No AWS, no containers. */
const schema = z.strictObject({
  kind: z.literal("manifest"),
  file: z.string(),
  order: z.int().default(0),
  approval: z.boolean().default(true),
});
export type ManifestTarget = z.output<typeof schema>;

export const manifestDeclaration: TargetDeclaration<ManifestTarget, ManifestTarget> = {
  kind: "manifest",
  schema,
  resolve: (written, _service, forStack) => ({ ...written, file: forStack(written.file) }),
  identity: ({ file }) => file,
  containers: (): readonly ImageContainer[] => [],
  problems: ({ file }, { key }) =>
    file.startsWith("/") ? [{ code: "invalid-value", key: `${key}.file`, message: "is absolute" }] : [],
  permissions: [],
  resources: () => ({ resources: [] }),
  passableRoles: () => [],
  logGroups: () => [],
};

type Plan = TargetPlan<string | undefined, ManifestTarget>;

/**
 * @param files what stands in each file: the reference of an image
 * @param isHealthy whether what a file deploys becomes healthy
 */
export function manifestKind(
  files: Map<string, string>,
  isHealthy: (file: string) => boolean,
): TargetKind<ManifestTarget, string | undefined, { readonly before: string }> {
  const title = ({ file }: ManifestTarget) => `manifest ${file}`;
  const outcomeOf = (
    { service, target }: Plan,
    outcome: TargetOutcome["outcome"],
    message: string,
  ): TargetOutcome => {
    const running = files.get(target.file);
    return {
      service,
      title: title(target),
      kind: "manifest",
      outcome,
      message,
      ...(running === undefined ? {} : { running }),
      milliseconds: 1,
      details: { commit: `commit of ${running}` },
    };
  };
  return {
    kind: "manifest",
    title,
    hints: [{ when: [/is not healthy/], advice: "look at the application" }],
    imageFor: (_target, image) => image,
    withoutPreparations: (target) => ({ ...target, approval: false }),
    inspect: async ({ file }) => files.get(file),
    plan: (service, target, before, image) => {
      const after = plannedReference(image);
      return {
        service,
        target,
        title: title(target),
        action: before === after ? "none" : "update",
        changes: before === after ? [] : [{ field: "image", before, after }],
        problems:
          before === undefined
            ? [{ code: "unreadable-file", where: target.file, message: "no such file" }]
            : [],
        notes: [],
        state: before,
      };
    },
    imageChange: ({ changes }) => changes[0],
    verify: async ({ file }) => [{ name: file, state: "ok", message: "is in the repository" }],
    isAsPlanned: async ({ target, state }) => files.get(target.file) === state,
    async apply({ target, state = "" }, image) {
      files.set(target.file, plannedReference(image));
      return { before: state };
    },
    resume: () => undefined,
    follow: async (plan) =>
      isHealthy(plan.target.file)
        ? outcomeOf(plan, "done", "is synced and healthy")
        : outcomeOf(plan, "failed", "is synced, and is not healthy"),
    async revert(plan, { before }) {
      files.set(plan.target.file, before);
      return outcomeOf(plan, "rolled back", "has the image of before again");
    },
    status: async (service, target) => ({
      service,
      title: title(target),
      kind: "manifest",
      health: "healthy",
      message: files.get(target.file) ?? "",
    }),
    reusable: ({ commit }) => (commit === undefined ? undefined : String(commit)),
    logs: async () => [],
    probe: () => undefined,
    live: async () => [],
    inUse: async () => [...files.values()].map((reference) => ({ reference, where: "a file", why: "HEAD" })),
    wait: async () => undefined,
  };
}
