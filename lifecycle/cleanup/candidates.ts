import { orderedBy } from "../image.ts";
import { attachedTo, isNamed, type Links, wholeOf } from "./links.ts";
import type { CleanupImage, CleanupKind, CleanupRules } from "./model.ts";

/** A manifest of a selected kind: why it may go, and why it has to stay all the same. */
export interface Candidate {
  readonly kind: CleanupKind;
  readonly reason: string;
  /** Undefined: nothing of its own keeps it. */
  readonly stays: string | undefined;
}

/** Type of the artifact that holds the keep tags of removed targets: runner/in-use/retired.ts. */
const retiredType = "application/vnd.slipway.retired.v1";

const imageConfigurations = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

const day = 86_400_000;

/** The manifests of a repository that are of a selected kind. */
export function candidatesOf(
  images: readonly CleanupImage[],
  links: Links,
  rules: CleanupRules,
): ReadonlyMap<string, Candidate> {
  const newest = newestOf(images, links, rules.keepNewest);
  const sources = new Set(images.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith("src-"))));
  return new Map(
    images.flatMap((image) => {
      const found = kindOf(image, links, rules, sources);
      if (found === undefined || !rules.kinds.includes(found.kind)) return [];
      const { kind, reason, refused, isRunnable } = found;
      const stays =
        refused ??
        tooYoung(image, rules) ??
        (newest.has(image.digest) ? `one of the ${rules.keepNewest} newest images` : undefined) ??
        (isRunnable ? unseen(image, links, rules) : undefined);
      return [[image.digest, { kind, reason, stays }] as const];
    }),
  );
}

interface Found {
  readonly kind: CleanupKind;
  readonly reason: string;
  /** Why it stays although it is of the kind. */
  readonly refused?: string;
  /** Whether something could run it: an image, and no artifact. */
  readonly isRunnable: boolean;
}

function kindOf(
  image: CleanupImage,
  links: Links,
  rules: CleanupRules,
  sources: ReadonlySet<string>,
): Found | undefined {
  const { digest, tags, type } = image;
  if (image.archivedAt !== undefined || image.kind === "unknown") return undefined;
  const subject = attachedTo(image);
  if (subject !== undefined) {
    if (links.byDigest.has(subject) || isNamed(image)) return undefined;
    return { kind: "evidence", reason: `its subject ${subject} is gone`, isRunnable: false };
  }
  if (type.includes("buildkit.cacheconfig"))
    return { kind: "caches", reason: "a build cache that no build has written since", isRunnable: false };
  if (type === retiredType)
    return { kind: "records", reason: "it holds the keep tags of removed targets", isRunnable: false };
  if (image.recordOf !== undefined) {
    if (!rules.isRemovedService(image.recordOf) || tags.some((tag) => !tag.startsWith("inuse-releases.")))
      return undefined;
    const { service, stack } = image.recordOf;
    const reason = `the newest record of ${service} on ${stack}, which services.yaml no longer has`;
    return { kind: "records", reason, isRunnable: false };
  }
  if (links.listedBy(digest).length > 0) return undefined;
  if (tags.length === 0) {
    const isIncomplete = image.builtFrom !== undefined && !sources.has(`src-${image.builtFrom}`);
    return isIncomplete
      ? {
          kind: "incomplete",
          reason: `pushed for the source ${image.builtFrom?.slice(0, 12)}, whose index never came`,
          isRunnable: true,
        }
      : { kind: "untagged", reason: "no tag, and no index refers to it", isRunnable: true };
  }
  return ofPullRequests(image, rules);
}

/** An image that has no other tags than those of pull requests, and of its source. */
function ofPullRequests({ tags }: CleanupImage, rules: CleanupRules): Found | undefined {
  const own = tags.filter((tag) => !tag.startsWith("src-"));
  const numbers = own.map(rules.pullRequestOf);
  if (own.length === 0 || numbers.includes(undefined)) return undefined;
  const known = [...new Set(numbers as number[])].toSorted((a, b) => a - b);
  const not = (state: "open" | "unknown") => known.filter((number) => rules.stateOf(number) === state);
  const name = (some: readonly number[]) => some.map((number) => `#${number}`).join(", ");
  const [open, unknown] = [not("open"), not("unknown")];
  const refused =
    open.length > 0
      ? `${name(open)} is open`
      : unknown.length > 0
        ? `GitHub did not say whether ${name(unknown)} is closed`
        : undefined;
  const reason = `of ${name(known)}, which ${known.length > 1 ? "are" : "is"} closed`;
  return { kind: "pull-requests", reason, isRunnable: true, ...(refused !== undefined && { refused }) };
}

function tooYoung(image: CleanupImage, { now, graceDays }: CleanupRules): string | undefined {
  const age = now.getTime() - orderedBy(image).getTime();
  return age < graceDays * day ? `pushed less than ${graceDays} days ago` : undefined;
}

/**
 * Why an image may run where nobody looked. Nothing runs what was never pulled. ECR tells of the last pull, of the
 * image or of one of its platforms.
 */
export function unseen(
  image: CleanupImage,
  links: Links,
  { isAccountUnseen, blindSpots, pulledSince }: CleanupRules,
): string | undefined {
  if (isAccountUnseen) return "what runs in the account could not be read";
  const pulls = [...wholeOf(image.digest, links)].flatMap((one) => links.byDigest.get(one)?.pulledAt ?? []);
  const last = pulls.toSorted((one, other) => other.getTime() - one.getTime())[0];
  if (last === undefined) return undefined;
  const on = last.toISOString().slice(0, 10);
  if (pulledSince !== undefined && last > pulledSince) return `pulled since the plan was made (${on})`;
  return pulledSince === undefined && blindSpots.length > 0
    ? `last pulled on ${on}, and it may run where nobody looked`
    : undefined;
}

/** The newest images: what no index lists, and no artifact. */
function newestOf(images: readonly CleanupImage[], links: Links, count: number): ReadonlySet<string> {
  const whole = images.filter(
    (image) =>
      image.kind !== "unknown" &&
      links.listedBy(image.digest).length === 0 &&
      attachedTo(image) === undefined &&
      (image.kind === "index" || imageConfigurations.includes(image.type)),
  );
  const sorted = whole.toSorted(
    (one, other) =>
      orderedBy(other).getTime() - orderedBy(one).getTime() || (one.digest < other.digest ? -1 : 1),
  );
  return new Set(sorted.slice(0, count).map(({ digest }) => digest));
}
