import type { GateSettings } from "../../config/stack/gates.ts";
import { hasCode } from "../aws/errors.ts";
import { checkEvidence, type EvidencePiece, unsignedDigests } from "../evidence/check.ts";
import { readPublicKey } from "../evidence/signer.ts";
import { cosignPlace, type EvidenceSession, keyPlace, storeOf } from "../evidence/step.ts";
import type { Image } from "../registry/image.ts";
import type { Gate } from "../targets/gate.ts";
import type { CopiedFrom } from "./baseline.ts";

/**
 * Whether one of the keys has signed an image: the index and each of its platforms, since a function of Lambda
 * runs one of these. A signature of another image, of another key or one that does not hold counts for nothing.
 *
 * @param signed references of keys, and identities that Cosign checks
 * @param copiedFrom where a promotion is about to copy further signatures from
 * @throws UserError `signing-key` when a key is not there
 */
export async function signedGate(
  session: Omit<EvidenceSession, "timeline">,
  image: Image,
  { keys, identities }: SignedSettings,
  copiedFrom?: CopiedFrom,
): Promise<Gate> {
  const place = keyPlace(session);
  const known = await Promise.all(keys.map((key) => readPublicKey(key, place)));
  const at = (where: Pick<EvidenceSession, "clients" | "registry">, one: Pick<Image, "repository">) =>
    checkEvidence(storeOf({ ...where, signal: session.signal }, one), image, known);
  const pieces: readonly EvidencePiece[] = [
    ...(copiedFrom?.isCopied === false ? [] : await at(session, image)),
    ...(copiedFrom === undefined ? [] : await at(copiedFrom, copiedFrom)),
  ];
  const unsigned = await unsignedByAnyone(session, image, pieces, identities, copiedFrom);
  if (unsigned.length === 0) return { gate: "signed", verdict: "passed" };
  const refused = pieces.filter(({ what, state }) => what === "signature" && state !== "verified");
  const others =
    refused.length === 0 ? "" : `; ${refused.length} signatures of other keys or images do not count`;
  const names = [...keys, ...identities.map(({ subject, subjectMatches = "" }) => subject ?? subjectMatches)];
  const by = names.length === 1 ? names[0] : `one of ${names.join(", ")}`;
  return {
    gate: "signed",
    verdict: "failed",
    message: `${by} has not signed ${unsigned.join(", ")}${others}`,
  };
}

type SignedSettings = NonNullable<GateSettings["signed"]>;

/** The parts that neither a key nor an identity has signed; Cosign is asked about those without a key's signature. */
export async function unsignedByAnyone(
  session: Omit<EvidenceSession, "timeline">,
  image: Image,
  pieces: readonly EvidencePiece[],
  identities: SignedSettings["identities"],
  copiedFrom?: CopiedFrom,
): Promise<readonly string[]> {
  const withoutKey = unsignedDigests(image, pieces);
  if (identities.length === 0 || withoutKey.length === 0) return withoutKey.map(({ name }) => name);
  const { isSignedBy } = await import("../evidence/cosign.ts");
  const from = copiedFrom?.isCopied === false ? copiedFrom : { ...session, repository: image.repository };
  const place = cosignPlace({ ...session, clients: from.clients, registry: from.registry });
  const unsigned: string[] = [];
  for (const { digest, name } of withoutKey) {
    const reference = `${from.registry}/${from.repository}@${digest}`;
    if (!(await isSignedBy(place, identities, reference))) unsigned.push(name);
  }
  return unsigned;
}

/**
 * Whether a run that signs with a key will satisfy the gate: it attaches evidence before it asks. Undefined when
 * the key is not here, as a private key is not where only plans are made.
 */
export async function willSign(
  session: Omit<EvidenceSession, "timeline">,
  keys: readonly string[],
): Promise<boolean | undefined> {
  const { sign } = session.settings.evidence ?? {};
  // Whom a certificate will name is known when the job signs.
  if (sign?.keyless !== undefined) return undefined;
  const own = sign?.key;
  if (own === undefined) return false;
  if (keys.includes(own)) return true;
  const place = keyPlace(session);
  try {
    const [signer, ...known] = await Promise.all([own, ...keys].map((key) => readPublicKey(key, place)));
    return known.some((key) => Buffer.from(key).equals(signer ?? Buffer.alloc(0)));
  } catch (error) {
    if (hasCode(error, "signing-key", "access-denied")) return undefined;
    throw error;
  }
}
