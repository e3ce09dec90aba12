import pMap from "p-map";
import type { Settings } from "../../../config/settings.ts";
import { checkEvidence, type EvidencePiece, unsignedParts } from "../../evidence/check.ts";
import { readManagedSignatures, readSigningRules, signsRepository } from "../../evidence/managed-signing.ts";
import { readPublicKey } from "../../evidence/signer.ts";
import { keyPlace, storeOf } from "../../evidence/step.ts";
import { type Image, imageReference } from "../../registry/image.ts";
import type { Session } from "../../session/session.ts";
import type { EvidenceFound, ServiceEvidence } from "./document.ts";
import { imagesToVerify } from "./image.ts";

/**
 * Reads and checks what is attached to the image of each service's newest release on the stack, or to one that is
 * named. What one of the stack's keys has signed is verified: the one that signs, and those that the gate takes.
 * What ECR has signed itself is shown; ECR says so, and nothing here checks it.
 */
export async function verifyEvidence(session: Session, wanted?: string): Promise<EvidenceFound> {
  const { settings, signal, timeline } = session;
  const own = settings.evidence?.sign?.key;
  const references = new Set([...(own === undefined ? [] : [own]), ...(settings.gates?.signed?.keys ?? [])]);
  return timeline.run({ id: "evidence", title: "Check the evidence" }, async () => {
    const place = keyPlace(session);
    const [keys, signing] = await Promise.all([
      Promise.all([...references].map((key) => readPublicKey(key, place))),
      readSigningRules(session),
    ]);
    const rules = signing.state === "seen" ? signing.rules : [];
    const evidence = await pMap(
      await imagesToVerify(session, wanted),
      async ({ service: { name }, image }): Promise<ServiceEvidence> => {
        if (image === undefined) return { service: name, pieces: [], missing: [] };
        const pieces = await checkEvidence(storeOf(session, image), image, keys);
        const missing = missingOf(image, pieces, settings, await unsignedOf(session, image, pieces));
        const found = { service: name, reference: imageReference(image), pieces, missing };
        return signsRepository(rules, image.repository)
          ? { ...found, managedSigning: await readManagedSignatures(session, image) }
          : found;
      },
      { concurrency: 8, signal },
    );
    return { evidence, ...(signing.state === "seen" ? {} : { managedSigning: signing }) };
  });
}

/**
 * What the stack or its gate asks for and an image lacks. Provenance is asked of nobody: an image may be built
 * elsewhere.
 *
 * @param unsigned parts of the image that nobody known has signed
 */
export function missingOf(
  image: Image,
  pieces: readonly EvidencePiece[],
  { evidence }: Pick<Settings, "evidence">,
  unsigned: readonly string[],
): readonly string[] {
  const sign = evidence?.sign;
  const isThere = ({ state }: EvidencePiece) =>
    sign === undefined
      ? state === "unsigned"
      : state === "verified" || (sign.keyless !== undefined && state === "other key");
  const sboms = Object.keys(image.manifests).flatMap((platform) =>
    (evidence?.sbom ?? [])
      .filter(
        (format) =>
          !pieces.some((one) => one.platform === platform && one.what === `sbom ${format}` && isThere(one)),
      )
      .map((format) => `sbom ${format} ${platform}`),
  );
  return [...unsigned.map((part) => `signature of ${part}`), ...sboms];
}

/** The parts of an image that nobody has signed whom the stack names, if it asks for signatures. */
async function unsignedOf(
  session: Session,
  image: Image,
  pieces: readonly EvidencePiece[],
): Promise<readonly string[]> {
  const { evidence, gates } = session.settings;
  const identities = gates?.signed?.identities ?? [];
  if (evidence?.sign === undefined && gates?.signed === undefined) return [];
  if (identities.length > 0) {
    const { unsignedByAnyone } = await import("../../gates/signed.ts");
    return unsignedByAnyone(session, image, pieces, identities);
  }
  if (evidence?.sign?.keyless === undefined) return unsignedParts(image, pieces);
  // Without an identity to expect, a signature with a certificate is shown as such, and is not missing.
  const shown = pieces.map((one) =>
    one.state === "other key" ? { ...one, state: "verified" as const } : one,
  );
  return unsignedParts(image, shown);
}
