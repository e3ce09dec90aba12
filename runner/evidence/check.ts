import type { Image } from "../registry/image.ts";
import type { Referrer } from "../registry/referrers.ts";
import { partsOf } from "./attest.ts";
import { type PublicKey, readBundle, verifyBundle } from "./bundle.ts";
import { type EvidenceStore, mayClaim, readContent, referrersOf } from "./referrers.ts";
import { provenancePredicate, sbomTypes, signaturePredicate } from "./statement.ts";

/** One thing that is attached to a manifest of an image. */
export interface EvidencePiece {
  /** Digest of the manifest that it is attached to. */
  readonly subject: string;
  /** Undefined: the index. */
  readonly platform?: string;
  readonly what:
    | "signature"
    | "provenance"
    | "sbom spdx"
    | "sbom cyclonedx"
    | "other statement"
    | "notation signature";
  /**
   * `verified`: signed with a key that is known, and about this image. `unsigned`: a document without a signature.
   * `other key`: signed with a key or certificate that is not checked here. `refused`: does not hold.
   */
  readonly state: "verified" | "unsigned" | "other key" | "refused";
  /** Why it is refused, or of which type another statement is. */
  readonly message?: string;
  /** Digest of the artifact itself. */
  readonly digest: string;
}

/** The artifact type of a signature in Notation's format, such as those of ECR's managed signing. */
const notationType = "application/vnd.cncf.notary.signature";

/**
 * Reads everything that is attached to an image and its platforms, and checks what is signed.
 *
 * @param keys public keys; a statement that none of them signed is no evidence of anything
 */
export async function checkEvidence(
  store: EvidenceStore,
  image: Image,
  keys: readonly PublicKey[],
): Promise<readonly EvidencePiece[]> {
  const pieces: EvidencePiece[] = [];
  for (const { digest: subject, platform } of partsOf(image)) {
    const place = { subject, ...(platform === undefined ? {} : { platform }) };
    for (const referrer of await referrersOf(store, subject)) {
      const piece = await pieceOf(store, referrer, subject, keys);
      if (piece !== undefined) pieces.push({ ...place, ...piece, digest: referrer.digest });
    }
  }
  return pieces;
}

type Found = Pick<EvidencePiece, "what" | "state" | "message">;

async function pieceOf(
  store: EvidenceStore,
  referrer: Referrer,
  subject: string,
  keys: readonly PublicKey[],
): Promise<Found | undefined> {
  const { artifactType } = referrer;
  if (artifactType === notationType) {
    const message = "in Notation's format, as ECR's managed signing writes it; check it with notation";
    return { what: "notation signature", state: "other key", message };
  }
  for (const format of ["spdx", "cyclonedx"] as const) {
    if (artifactType === sbomTypes[format].artifact) return { what: `sbom ${format}`, state: "unsigned" };
  }
  if (!mayClaim(referrer)) return undefined;
  const text = await readContent(store, referrer);
  const claim = text === undefined ? undefined : readBundle(text);
  if (text === undefined || claim === undefined) return undefined;
  const about = whatIs(claim.predicateType);
  const results = keys.map((key) => verifyBundle(text, key, subject));
  if (results.some((result) => "claim" in result)) return { ...about, state: "verified" };
  const refusals = results.flatMap((result) => ("refused" in result ? [result.refused] : []));
  const refused = refusals.find((one) => one !== "other key");
  return refused === undefined
    ? { ...about, state: "other key" }
    : { ...about, state: "refused", message: refused };
}

function whatIs(predicateType: string): Pick<Found, "what" | "message"> {
  if (predicateType === signaturePredicate) return { what: "signature" };
  if (predicateType === provenancePredicate) return { what: "provenance" };
  if (predicateType === sbomTypes.spdx.predicate) return { what: "sbom spdx" };
  if (predicateType === sbomTypes.cyclonedx.predicate) return { what: "sbom cyclonedx" };
  return { what: "other statement", message: predicateType };
}

/**
 * The parts of an image that no known key signed: `the index`, `linux/arm64`.
 *
 * @param pieces as `checkEvidence` found them
 */
export function unsignedParts(image: Image, pieces: readonly EvidencePiece[]): readonly string[] {
  return unsignedDigests(image, pieces).map(({ name }) => name);
}

/** `unsignedParts` with their digests. */
export function unsignedDigests(
  image: Image,
  pieces: readonly EvidencePiece[],
): readonly { readonly digest: string; readonly name: string }[] {
  const signed = new Set(
    pieces
      .filter(({ what, state }) => what === "signature" && state === "verified")
      .map(({ subject }) => subject),
  );
  return partsOf(image)
    .filter(({ digest }) => !signed.has(digest))
    .map(({ digest, platform }) => ({ digest, name: platform ?? "the index" }));
}
