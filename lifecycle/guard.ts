import type { StoredImage } from "./image.ts";
import { outlookOf, type Span } from "./outlook.ts";
import type { LifecyclePolicy } from "./policy.ts";

/** What a policy is judged by. */
export interface GuardRequest {
  /** The policy that is to be put. */
  readonly policy: LifecyclePolicy;
  readonly images: readonly StoredImage[];
  /** Digests that something needs. */
  readonly needed: ReadonlySet<string>;
  readonly now: Date;
}

/** A needed image that a policy would take, by some reading of the rules. */
export interface Loss extends Span {
  readonly digest: string;
  readonly tags: readonly string[];
  /** `archive`: nothing can pull it from there. */
  readonly action: "expire" | "archive";
}

export interface Judgement {
  /** Needed images that the policy would take, at whatever date, the first first. */
  readonly losses: readonly Loss[];
  /** Tagged images that its first run may take. */
  readonly takes: number;
  /** Tagged images of the repository. */
  readonly of: number;
}

/**
 * What a policy would take of what is needed, at any date if nothing else is pushed, and how much of the repository
 * its first run takes. By the reading of ECR's rules that takes the most.
 */
export function judgePolicy({ policy, images, needed, now }: GuardRequest): Judgement {
  const outlook = outlookOf(policy, images, { now });
  const losses = images.flatMap((image): Loss[] => {
    if (!needed.has(image.digest)) return [];
    const { expires, archives } = outlook.get(image.digest) ?? {};
    const span = archives ?? expires;
    if (span === undefined) return [];
    const action = archives === undefined ? "expire" : "archive";
    return [{ digest: image.digest, tags: image.tags, action, ...span }];
  });
  const tagged = images.filter(({ tags, archivedAt }) => tags.length > 0 && archivedAt === undefined);
  const goesNow = ({ digest }: StoredImage) => {
    const { expires, archives } = outlook.get(digest) ?? {};
    return [expires, archives].some((span) => span !== undefined && span.first <= now);
  };
  return {
    losses: losses.toSorted((one, other) => one.first.getTime() - other.first.getTime()),
    takes: tagged.filter(goesNow).length,
    of: tagged.length,
  };
}
