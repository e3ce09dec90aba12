import { createHash } from "node:crypto";
import { stackOfReleaseTag } from "../../config/names.ts";

/** The tags that keep a target's images from expiring. */
export interface KeepTags {
  /** On the image that the target runs. */
  readonly inUse: string;
  /** On the last image that ran successfully, for a rollback. */
  readonly lastGood: string;
  /** On the image that a pull request last proposed: somebody may merge it at any moment. */
  readonly proposed: string;
}

/**
 * The end of a `proposed` tag, which begins as an `inUse` tag does: retention rules know it by that. Two full stops
 * follow each other in no name of a target.
 */
const proposedEnd = "..proposed";

/** The longest tag that ECR accepts. */
const longest = 128;

/**
 * The keep tags of a target: `inuse-dev-ecs-shop.ui`. Slipway moves them itself, and the first rules of every
 * retention policy keep their images from all other rules.
 *
 * @param title name of the target as its kind gives it: `ecs shop/ui`, `lambda checkout:live`
 */
export function keepTagsOf(stack: string, title: string): KeepTags {
  const [kind = "", ...name] = title.split(" ");
  // A full stop is in no name of a cluster, service, function or alias: a/b-c and a-b/c stay apart.
  const target = name.join(" ").replaceAll(/[/:]/g, ".");
  const tag = (prefix: string, end = "") => fitted(`${prefix}-${stack}-${kind}-${target}`, end);
  return { inUse: tag("inuse"), lastGood: tag("lastgood"), proposed: tag("inuse", proposedEnd) };
}

/** The target that a keep-tag of this stack is for: `ecs-shop.ui`; undefined when it is none. */
export function targetOfKeepTag(
  tag: string,
): { readonly why: keyof KeepTags; readonly name: string } | undefined {
  const [, prefix, name] = /^(inuse|lastgood)-(.+)$/.exec(tag) ?? [];
  if (name === undefined || stackOfReleaseTag(tag) !== undefined) return undefined;
  if (prefix === "lastgood") return { why: "lastGood", name };
  return name.endsWith(proposedEnd)
    ? { why: "proposed", name: name.slice(0, -proposedEnd.length) }
    : { why: "inUse", name };
}

/** Whether a tag is the keep tag of a current or former target of these kinds. */
export function isKeepTagOf(tag: string, stack: string, kinds: readonly string[]): boolean {
  const beginnings = kinds.flatMap((kind) => [`inuse-${stack}-${kind}-`, `lastgood-${stack}-${kind}-`]);
  return beginnings.some((beginning) => tag.startsWith(allowed(beginning)));
}

function allowed(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.-]/g, "-");
}

/** A tag that ECR accepts; a hash replaces what is cut off or not allowed, so that tags stay distinct. */
function fitted(text: string, end: string): string {
  const kept = allowed(text);
  if (kept === text && text.length + end.length <= longest) return `${text}${end}`;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${kept.slice(0, longest - hash.length - 1 - end.length)}-${hash}${end}`;
}
