import type { KeylessSettings } from "../../config/stack/evidence.ts";
import { connectToRegistry } from "../registry/connection.ts";
import type { Image } from "../registry/image.ts";
import { fetchLogin } from "../registry/login.ts";
import type { Session } from "../session/session.ts";
import { type Attested, type Attestor, attestImages, type ImageToAttest } from "./attest.ts";
import type { CosignPlace } from "./cosign.ts";
import type { EvidenceStore } from "./referrers.ts";
import { type KeyPlace, openSigner } from "./signer.ts";

/** What evidence needs of a session. */
export type EvidenceSession = Pick<
  Session,
  "clients" | "directory" | "registry" | "settings" | "signal" | "timeline"
>;

/** Who can check what was signed: docs/reference/evidence.md has the table. */
const readableBy =
  "the registry's copy of what was signed verifies. Cosign 3 and policy engines on sigstore-go read it; Cosign 2 and Notation do not";

/**
 * Attaches what `slipway:evidence` asks for to images that are in the registry. A stack without it does nothing.
 *
 * @throws UserError `signing-key`, `cosign-failed`, `sbom-failed`, `push-refused`
 */
export async function attachEvidence(
  session: EvidenceSession & Pick<Session, "emit">,
  images: readonly ImageToAttest[],
): Promise<readonly Attested[]> {
  const { clients, registry, signal, timeline } = session;
  const settings = session.settings.evidence;
  if (settings === undefined || images.length === 0) return [];
  return timeline.run({ id: "evidence", title: "Attach evidence" }, async ({ conclude }) => {
    const { sign } = settings;
    const attestor: Attestor = {
      settings,
      signer: sign?.key === undefined ? undefined : await openSigner(sign.key, keyPlace(session)),
      keyless: sign?.keyless && (await keylessSigner(session, sign.keyless)),
      login: () => fetchLogin(clients, registry, signal),
    };
    const done = await attestImages((image) => storeOf(session, image), images, attestor, signal);
    const isSigned = done.some((one) => one.attached.some((what) => what.includes("sign")));
    if (isSigned) session.emit({ kind: "notice", message: readableBy });
    const attached = done.flatMap((one) => one.attached.map((what) => `${one.service}: ${what}`));
    if (attached.length === 0) conclude("skipped", "the images already have it");
    else if (attached.length <= 3) conclude("done", attached.join(", "));
    else conclude("done", `${attached.length} pieces for ${done.length} images`);
    return done;
  });
}

async function keylessSigner(session: EvidenceSession, settings: KeylessSettings) {
  const { signKeyless } = await import("./cosign.ts");
  const place = cosignPlace(session);
  return (reference: string, predicateType: string, predicate: object) =>
    signKeyless(place, settings, reference, predicateType, predicate);
}

/** What Cosign gets of a session. */
export function cosignPlace({
  clients,
  directory,
  registry,
  signal,
}: Pick<EvidenceSession, "clients" | "directory" | "registry" | "signal">): CosignPlace {
  return { directory, signal, login: () => fetchLogin(clients, registry, signal) };
}

/** Where a session's keys are. */
export function keyPlace({
  clients,
  directory,
  settings,
  signal,
}: Omit<EvidenceSession, "timeline">): KeyPlace {
  return { clients, directory, signal, stackFile: `Pulumi.${settings.stack}.yaml` };
}

/** The repository of an image, for reading and attaching evidence. */
export function storeOf(
  { clients, registry, signal }: Pick<Session, "clients" | "registry" | "signal">,
  { repository }: Pick<Image, "repository">,
): EvidenceStore {
  return { clients, registry: connectToRegistry(clients, registry, signal), repository };
}
