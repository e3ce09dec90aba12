import pMap from "p-map";
import { repositoryName } from "../../../config/names.ts";
import type { EvidenceSettings } from "../../../config/stack/evidence.ts";
import { checkEvidence, type EvidencePiece, unsignedParts } from "../../evidence/check.ts";
import { readPublicKey } from "../../evidence/signer.ts";
import { keyPlace, storeOf } from "../../evidence/step.ts";
import { type Image, imageReference } from "../../registry/image.ts";
import { readNewestRecord } from "../../release/store.ts";
import type { Session } from "../../session/session.ts";
import type { ServiceEvidence } from "./document.ts";

/** Reads and checks what is attached to the image of each service's newest release on the stack. */
export async function verifyEvidence(session: Session): Promise<readonly ServiceEvidence[]> {
  const { services, settings, clients, registry, signal, timeline } = session;
  const key = settings.evidence?.sign?.key;
  return timeline.run({ id: "evidence", title: "Check the evidence" }, async () => {
    const keys = key === undefined ? [] : [await readPublicKey(key, keyPlace(session))];
    return pMap(
      services,
      async (service): Promise<ServiceEvidence> => {
        const { name } = service;
        const repository = repositoryName(settings, service);
        const newest = await readNewestRecord(clients, repository, settings.stack, signal);
        if (newest === undefined) return { service: name, pieces: [], missing: [] };
        const { digest, manifests } = newest.record.image;
        const image: Image = { service: name, repository, registry, digest, manifests };
        const pieces = await checkEvidence(storeOf(session, image), image, keys);
        const missing = missingOf(image, pieces, settings.evidence);
        return { service: name, reference: imageReference(image), pieces, missing };
      },
      { concurrency: 8, signal },
    );
  });
}

/** What the stack asks for and an image lacks. Provenance is asked of nobody: an image may be built elsewhere. */
export function missingOf(
  image: Image,
  pieces: readonly EvidencePiece[],
  settings: EvidenceSettings | undefined,
): readonly string[] {
  if (settings === undefined) return [];
  const signatures = settings.sign === undefined ? [] : unsignedParts(image, pieces);
  const signed = settings.sign !== undefined;
  const sboms = Object.keys(image.manifests).flatMap((platform) =>
    settings.sbom
      .filter(
        (format) =>
          !pieces.some(
            (one) =>
              one.platform === platform &&
              one.what === `sbom ${format}` &&
              one.state === (signed ? "verified" : "unsigned"),
          ),
      )
      .map((format) => `sbom ${format} ${platform}`),
  );
  return [...signatures.map((part) => `signature of ${part}`), ...sboms];
}
