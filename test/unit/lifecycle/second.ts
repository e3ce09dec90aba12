import type { StoredImage } from "../../../lifecycle/image.ts";
import type { LifecyclePolicy, LifecycleRule } from "../../../lifecycle/policy.ts";
import type { Reading } from "../../../lifecycle/reading.ts";

const day = 86_400_000;

interface Living extends StoredImage {
  readonly archived: number | undefined;
}

/** What went on which day after `now`: `3: expire sha256:…`. */
export type Diary = ReadonlyMap<string, readonly string[]>;

/**
 * A second evaluator, for tests: asks about one image at a time, from the sentences of the user guide, and lives
 * through every day instead of looking for the next date. Slow, and shares no code with lifecycle/.
 */
export function liveThrough(
  policy: LifecyclePolicy,
  images: readonly StoredImage[],
  { now, days, reading }: { readonly now: Date; readonly days: number; readonly reading: Reading },
): Diary {
  const gone = new Set<string>();
  let living: Living[] = images.map((image) => ({ ...image, archived: image.archivedAt?.getTime() }));
  const diary = new Map<string, readonly string[]>();
  const note = (digest: string, text: string) => diary.set(digest, [...(diary.get(digest) ?? []), text]);
  for (let today = 0; today <= days; today += 1) {
    const at = now.getTime() + today * day;
    const wish = new Map(
      living.map((image) => [image.digest, wishOf(image, living, policy, reading, at, gone)]),
    );
    // Children wait for their index.
    const waits = (image: Living) =>
      living.some(
        (other) =>
          other.children.includes(image.digest) &&
          other.archived === undefined &&
          wish.get(other.digest) === undefined,
      );
    for (let again = true; again; ) {
      again = false;
      for (const image of living) {
        if (wish.get(image.digest) === undefined || !waits(image)) continue;
        wish.set(image.digest, undefined);
        again = true;
      }
    }
    // Artifacts follow their subject.
    for (let again = true; again; ) {
      again = false;
      for (const image of living) {
        const { subject } = image;
        if (subject === undefined || wish.get(image.digest) === "expire") continue;
        if (!gone.has(subject) && wish.get(subject) !== "expire") continue;
        wish.set(image.digest, "expire");
        again = true;
      }
    }
    living = living.flatMap((image): Living[] => {
      const action = wish.get(image.digest);
      if (action === undefined) return [image];
      note(image.digest, `${today}: ${action}`);
      if (action === "expire") gone.add(image.digest);
      return action === "expire" ? [] : [{ ...image, archived: at }];
    });
  }
  return diary;
}

type Wish = "expire" | "archive" | undefined;

function wishOf(
  image: Living,
  all: readonly Living[],
  policy: LifecyclePolicy,
  reading: Reading,
  at: number,
  gone: ReadonlySet<string>,
): Wish {
  const isSeen = (one: Living) =>
    (reading.countsArtifacts ||
      one.subject === undefined ||
      !all.concat().some(({ digest }) => digest === one.subject)) &&
    (reading.countsChildren || !all.some(({ children }) => children.includes(one.digest)));
  void gone;
  if (!isSeen(image)) return undefined;
  const rule = ruleOf(image, policy);
  if (rule === undefined) return undefined;
  const action = rule.action.type === "expire" ? "expire" : "archive";
  const { selection } = rule;
  if (selection.countType !== "imageCountMoreThan") {
    const since = {
      sinceImagePushed: born(image),
      sinceImagePulled: Math.max(image.pulledAt?.getTime() ?? born(image), image.activatedAt?.getTime() ?? 0),
      sinceImageTransitioned: image.archived ?? Number.POSITIVE_INFINITY,
    }[selection.countType];
    return at - since >= selection.countNumber * day ? action : undefined;
  }
  const newer = all.filter(
    (one) =>
      one.archived === undefined &&
      isSeen(one) &&
      (reading.countsClaimed ? fits(one, rule) : ruleOf(one, policy) === rule) &&
      (born(one) > born(image) || (born(one) === born(image) && one.digest < image.digest)),
  );
  return newer.length >= selection.countNumber ? action : undefined;
}

const born = ({ pushedAt, activatedAt }: StoredImage) => (activatedAt ?? pushedAt).getTime();

/** The rule that decides about an image: the first that wants its tags in its storage class. */
function ruleOf(image: Living, { rules }: LifecyclePolicy): LifecycleRule | undefined {
  let best: LifecycleRule | undefined;
  for (const rule of rules) {
    if ((rule.selection.storageClass === "archive") !== (image.archived !== undefined)) continue;
    if (fits(image, rule) && (best === undefined || rule.rulePriority < best.rulePriority)) best = rule;
  }
  return best;
}

function fits({ tags }: StoredImage, { selection }: LifecycleRule): boolean {
  if (selection.tagStatus !== "tagged") return selection.tagStatus === "any" || tags.length === 0;
  const wanted =
    "tagPrefixList" in selection ? selection.tagPrefixList.map((one) => `${one}*`) : selection.tagPatternList;
  return wanted.every((pattern) => tags.some((tag) => glob(pattern, tag)));
}

function glob(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (pattern[0] === "*")
    return glob(pattern.slice(1), text) || (text !== "" && glob(pattern, text.slice(1)));
  return text !== "" && pattern[0] === text[0] && glob(pattern.slice(1), text.slice(1));
}
