import pLimit from "p-limit";
import type { EvidenceSettings, KeylessSettings } from "../../config/stack/evidence.ts";
import { connectToRegistry } from "../registry/connection.ts";
import type { Image } from "../registry/image.ts";
import { fetchLogin } from "../registry/login.ts";
import type { Step } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import { type Attested, type Attestor, attestImage, type ImageToAttest } from "./attest.ts";
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

/** Evidence for images that come one after the other. */
export interface EvidenceRun {
  /**
   * Begins to attach evidence to a service's image that is in the registry, unless it has begun. What goes wrong is
   * thrown by `finish`.
   */
  begin(service: string, read: () => Promise<ImageToAttest>): void;
  /** Waits for what has begun; never rejects. */
  settled(): Promise<void>;
  /**
   * Waits for what has begun.
   *
   * @throws UserError `signing-key`, `cosign-failed`, `sbom-failed`, `push-refused`
   */
  finish(): Promise<readonly Attested[]>;
}

/** Images that evidence is attached to at the same time. */
const parallelImages = 4;

/**
 * Attaches what `slipway:evidence` asks for to images that are in the registry, each as soon as it is there. A stack
 * without it does nothing.
 */
export function openEvidence(session: EvidenceSession & Pick<Session, "emit">): EvidenceRun {
  const settings = session.settings.evidence;
  const limit = pLimit(parallelImages);
  const begun = new Map<string, Promise<Attested>>();
  let opening: Promise<Attestor> | undefined;
  return {
    begin: (service, read) => {
      if (settings === undefined || begun.has(service)) return;
      const attesting = limit(async () => {
        opening ??= openAttestor(session, settings);
        const [one, attestor] = await Promise.all([read(), opening]);
        return attestImage(storeOf(session, one.image), one, attestor);
      });
      attesting.catch(() => {});
      begun.set(service, attesting);
    },
    settled: async () => {
      await Promise.allSettled(begun.values());
    },
    finish: async () => {
      if (begun.size === 0) return [];
      return session.timeline.run({ id: "evidence", title: "Attach evidence" }, async ({ conclude }) => {
        const done = await Promise.all(begun.values());
        tellAttached(session, done, conclude);
        return done;
      });
    },
  };
}

/** `openEvidence` for images that are all there. */
export function attachEvidence(
  session: EvidenceSession & Pick<Session, "emit">,
  images: readonly ImageToAttest[],
): Promise<readonly Attested[]> {
  const run = openEvidence(session);
  for (const one of images) run.begin(one.service.name, async () => one);
  return run.finish();
}

function tellAttached(
  session: Pick<Session, "emit">,
  done: readonly Attested[],
  conclude: Step["conclude"],
): void {
  const isSigned = done.some((one) => one.attached.some((what) => what.includes("sign")));
  if (isSigned) session.emit({ kind: "notice", message: readableBy });
  const attached = done.flatMap((one) => one.attached.map((what) => `${one.service}: ${what}`));
  if (attached.length === 0) conclude("skipped", "the images already have it");
  else if (attached.length <= 3) conclude("done", attached.join(", "));
  else conclude("done", `${attached.length} pieces for ${done.length} images`);
}

async function openAttestor(session: EvidenceSession, settings: EvidenceSettings): Promise<Attestor> {
  const { clients, registry, signal } = session;
  const { sign } = settings;
  return {
    settings,
    signer: sign?.key === undefined ? undefined : await openSigner(sign.key, keyPlace(session)),
    keyless: sign?.keyless && (await keylessSigner(session, sign.keyless)),
    login: () => fetchLogin(clients, registry, signal),
  };
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
