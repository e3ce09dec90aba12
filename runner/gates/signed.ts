import { checkEvidence, unsignedParts } from "../evidence/check.ts";
import { readPublicKey } from "../evidence/signer.ts";
import { type EvidenceSession, keyPlace, storeOf } from "../evidence/step.ts";
import type { Image } from "../registry/image.ts";
import type { Gate } from "../targets/gate.ts";

/**
 * Whether one of the keys has signed an image: the index and each of its platforms, since a function of Lambda
 * runs one of these. A signature of another image, of another key or one that does not hold counts for nothing.
 *
 * @param keys references, as `slipway:gates.signed.keys` has them
 * @throws UserError `signing-key` when a key is not there
 */
export async function signedGate(
  session: Omit<EvidenceSession, "timeline">,
  image: Image,
  keys: readonly string[],
): Promise<Gate> {
  const place = keyPlace(session);
  const known = await Promise.all(keys.map((key) => readPublicKey(key, place)));
  const pieces = await checkEvidence(storeOf(session, image), image, known);
  const unsigned = unsignedParts(image, pieces);
  if (unsigned.length === 0) return { gate: "signed", verdict: "passed" };
  const refused = pieces.filter(({ what, state }) => what === "signature" && state !== "verified");
  const others =
    refused.length === 0 ? "" : `; ${refused.length} signatures of other keys or images do not count`;
  const by = keys.length === 1 ? keys[0] : `one of ${keys.join(", ")}`;
  return {
    gate: "signed",
    verdict: "failed",
    message: `${by} has not signed ${unsigned.join(", ")}${others}`,
  };
}
