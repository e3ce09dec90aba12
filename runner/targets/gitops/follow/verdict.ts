/**
 * What a revision of the manifest repository is to our commit. `ours`: the commit itself. `holds`: a later one
 * that still sets our image. `overtaken`: a later one that sets another. `before`: one without our commit.
 */
export type Standing = "ours" | "holds" | "overtaken" | "before";

/** What was delivered, as verdicts need it. */
export interface Delivered {
  readonly repository: string;
  readonly branch: string;
  readonly commit: string;
  readonly digest: string;
  readonly reference: string;
  /** Of every revision that the objects name. */
  readonly standings: ReadonlyMap<string, Standing>;
}

/** Where a delivery is. */
export type Verdict =
  /** `asks`: what to ask the cluster for, so that its answer is about our commit. */
  | { readonly kind: "waiting"; readonly message: string; readonly asks?: "refresh" | "hard refresh" }
  /** Time alone does not end it: a person, or a sync window, does. */
  | { readonly kind: "paused"; readonly message: string; readonly hint: string }
  | { readonly kind: "running"; readonly message: string }
  /** It is wrong, and may still recover: it counts after `graceSeconds` without a change. */
  | {
      readonly kind: "failing";
      readonly reason: string;
      readonly graceSeconds: number;
      readonly asks?: "refresh" | "hard refresh";
    }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "overtaken"; readonly reason: string };

/** The standing of a revision; one that nobody asked for counts as one before ours. */
export function standingOf({ standings }: Delivered, revision: string): Standing {
  return standings.get(revision) ?? "before";
}

/** Whether an image of the cluster (`registry/shop/ui@sha256:…`) is the one that was delivered. */
export function isOurImage(image: string, { digest, reference }: Delivered): boolean {
  return image.includes(digest) || withoutDefaults(image) === withoutDefaults(reference);
}

/** Whether the manifests name the image by its digest, so that the image that runs proves itself. */
export function isByDigest({ digest, reference }: Pick<Delivered, "digest" | "reference">): boolean {
  return reference.includes(digest);
}

/**
 * One verdict for several objects that are one step: the worst of them, with the names of those that it is
 * about.
 */
export function together(verdicts: readonly { readonly name: string; readonly verdict: Verdict }[]): Verdict {
  const [only] = verdicts;
  if (only !== undefined && verdicts.length === 1) return only.verdict;
  const order = ["failed", "overtaken", "failing", "waiting", "paused", "running"] as const;
  const kind = order.find((one) => verdicts.some(({ verdict }) => verdict.kind === one));
  const worst = verdicts.filter(({ verdict }) => verdict.kind === kind);
  const first = worst[0]?.verdict;
  if (first === undefined) return { kind: "waiting", message: "nothing to follow" };
  const counted = `${worst.length} of ${verdicts.length}`;
  const said = worst
    .slice(0, 3)
    .map(({ name, verdict }) => `${name}: ${sentenceOf(verdict)}`)
    .join("; ");
  const text = kind === "running" ? `all ${verdicts.length}: ${said}` : `${counted}: ${said}`;
  // One that is stale must not hold back what the others need.
  const asks = worst.flatMap(({ verdict }) => ("asks" in verdict && verdict.asks) || []);
  const ask = asks.includes("hard refresh") ? "hard refresh" : asks[0];
  switch (first.kind) {
    case "waiting":
      return { kind: "waiting", message: text, ...(ask === undefined ? {} : { asks: ask }) };
    case "paused":
      return { ...first, message: text };
    case "running":
      return { ...first, message: text };
    case "failing":
      return { ...first, reason: text };
    case "failed":
    case "overtaken":
      return { ...first, reason: text };
  }
}

/** A verdict in words. */
export function sentenceOf(verdict: Verdict): string {
  return "reason" in verdict ? verdict.reason : verdict.message;
}

/** An image by its full name: Docker Hub's short names are those of its registry. */
function withoutDefaults(image: string): string {
  return image.replace(/^(docker\.io\/)?(library\/)?/, "");
}

export function waiting(message: string, asks?: "refresh" | "hard refresh"): Verdict {
  return { kind: "waiting", message, ...(asks === undefined ? {} : { asks }) };
}

/** Whether a revision has our image: our commit, or a later one that still sets it. */
export function hasOurs(standing: Standing): boolean {
  return standing === "ours" || standing === "holds";
}

/** The first characters of a commit's id; a chart's version as it is. */
export function shortOf(revision: string): string {
  return /^[0-9a-f]{40,64}$/.test(revision) ? revision.slice(0, 10) : revision;
}
