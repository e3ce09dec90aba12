import pMap from "p-map";
import type { Service } from "../../config/catalogue/catalogue.ts";
import type { EvidenceSettings, SbomFormat } from "../../config/stack/evidence.ts";
import type { Subject } from "../registry/artifact.ts";
import { type Image, imageReference } from "../registry/image.ts";
import type { RegistryLogin } from "../registry/login.ts";
import { type Referrer, subjectOf } from "../registry/referrers.ts";
import { keyHint, readBundle, type Signer, signStatement, verifyBundle } from "./bundle.ts";
import {
  attachBundle,
  attachDocument,
  type EvidenceStore,
  mayClaim,
  readContent,
  referrersOf,
} from "./referrers.ts";
import { makeSboms } from "./sbom.ts";
import { provenancePredicate, sbomTypes, signaturePredicate, statementAbout } from "./statement.ts";

/** An image, and what evidence about it is made of. */
export interface ImageToAttest {
  readonly service: Service;
  readonly image: Image;
  /** SLSA's predicate; undefined for an image that this run did not build: it can't say how it came to be. */
  readonly provenance: object | undefined;
}

/** How evidence is made. */
export interface Attestor {
  readonly settings: EvidenceSettings;
  /** The key that signs; undefined: none does. */
  readonly signer: Signer | undefined;
  /** Attaches a statement that is signed without a key. */
  readonly keyless?:
    | ((reference: string, predicateType: string, predicate: object) => Promise<void>)
    | undefined;
  readonly login: () => Promise<RegistryLogin>;
}

/** What was attached to an image, and what was there. */
export interface Attested {
  readonly service: string;
  /** `signature`, `sbom spdx linux/amd64`, … in the order in which they were attached. */
  readonly attached: readonly string[];
  /** How many pieces were there already. */
  readonly kept: number;
}

/** A manifest of an image: the index, or one platform. */
interface Part {
  readonly digest: string;
  /** Undefined for the index. */
  readonly platform: string | undefined;
}

/**
 * Attaches what a stack wants with an image: signatures of the index and of each platform (a function of Lambda
 * takes the latter), bills of materials of each platform, and where the image comes from. What is there already,
 * signed with the same key, stays: the same digest gets the same evidence, and a run that repeats another attaches
 * nothing. Each piece that is signed is read back and verified.
 *
 * @throws UserError `sbom-failed`, `push-refused`; Error when what was attached does not verify
 */
export async function attestImage(
  store: EvidenceStore,
  one: ImageToAttest,
  attestor: Attestor,
): Promise<Attested> {
  // Each part has a list of referrers of its own.
  const parts = await pMap(partsOf(one.image), (part) => attestPart(store, one, part, attestor));
  return {
    service: one.service.name,
    attached: parts.flatMap(({ attached }) => attached),
    kept: parts.reduce((sum, { kept }) => sum + kept, 0),
  };
}

/** `attestImage` of the index, or of one platform. */
async function attestPart(
  store: EvidenceStore,
  { image, provenance }: ImageToAttest,
  part: Part,
  { settings, signer, keyless, login }: Attestor,
): Promise<Omit<Attested, "service">> {
  const attached: string[] = [];
  let kept = 0;
  const name = `${image.registry}/${image.repository}`;
  const [referrers, subject] = await Promise.all([
    referrersOf(store, part.digest),
    subjectOf(store.clients, store.repository, part.digest, store.registry.signal),
  ]);
  const what = (kind: string) => (part.platform === undefined ? kind : `${kind} ${part.platform}`);
  const signs = signer !== undefined || keyless !== undefined;
  const isClaimed = async (predicateType: string) =>
    !signs || hasClaim(store, referrers, subject.digest, predicateType, signer);
  const sign = async (kind: string, predicateType: string, predicate: object, named?: string) => {
    if (!signs) return;
    if (await isClaimed(predicateType)) {
      kept += 1;
      return;
    }
    if (signer === undefined) {
      await keyless?.(imageReference(image, subject.digest), predicateType, predicate);
      if (
        await hasClaim(store, await referrersOf(store, part.digest), subject.digest, predicateType, signer)
      ) {
        attached.push(what(kind));
        return;
      }
      throw new Error(`cosign says that it signed ${name}@${subject.digest}, but nothing is attached to it`);
    }
    const statement = statementAbout(subject.digest, predicateType, predicate, named);
    await attachVerified(store, subject, await signStatement(statement, signer), predicateType, signer);
    attached.push(what(kind));
  };
  const incomplete: SbomFormat[] = [];
  for (const format of isPlatform(part, image) ? settings.sbom : []) {
    const { artifact, predicate } = sbomTypes[format];
    const isThere = referrers.some(({ artifactType }) => artifactType === artifact);
    // Its text is some megabytes, and is read only where something is missing.
    if (isThere && (await isClaimed(predicate))) kept += signs ? 2 : 1;
    else incomplete.push(format);
  }
  // Syft reads the image meanwhile. What follows is attached one after the other: where a tag lists the referrers, two
  // at once would lose one.
  const documents = sbomsOf(store, image, part.digest, referrers, incomplete, login);
  documents.catch(() => {});
  await sign("signature", signaturePredicate, {});
  if (provenance !== undefined && part.digest === image.digest) {
    await sign("provenance", provenancePredicate, provenance, name);
  }
  for (const [format, { text, isNew }] of await documents) {
    const { artifact, predicate } = sbomTypes[format];
    if (isNew) {
      await attachDocument(store, subject, text, artifact);
      attached.push(what(`sbom ${format}`));
    } else kept += 1;
    if (signs) await sign(`signed sbom ${format}`, predicate, JSON.parse(text) as object, name);
  }
  return { attached, kept };
}

/** The index first, then its platforms; an image of one platform may be that platform's manifest itself. */
export function partsOf(image: Image): readonly Part[] {
  const platforms = Object.entries(image.manifests).map(([platform, digest]) => ({ platform, digest }));
  const isIndex = platforms.every(({ digest }) => digest !== image.digest);
  return isIndex ? [{ digest: image.digest, platform: undefined }, ...platforms] : platforms;
}

function isPlatform({ digest }: Part, image: Image): boolean {
  return Object.values(image.manifests).includes(digest);
}

/**
 * Whether a claim of a type is there, signed with our key. Without a key: one with a certificate; who it names, the
 * gate has Cosign check.
 */
async function hasClaim(
  store: EvidenceStore,
  referrers: readonly Referrer[],
  digest: string,
  predicateType: string,
  signer: Signer | undefined,
): Promise<boolean> {
  for (const referrer of referrers.filter((one) => mayClaim(one, predicateType))) {
    const text = await readContent(store, referrer);
    if (signer === undefined) {
      const claim = text === undefined ? undefined : readBundle(text);
      if (claim?.by !== "certificate" || claim.predicateType !== predicateType) continue;
      if (claim.subjects.includes(digest)) return true;
      continue;
    }
    const verified = text === undefined ? undefined : verifyBundle(text, signer.publicKey, digest);
    if (verified !== undefined && "claim" in verified && verified.claim.predicateType === predicateType)
      return true;
  }
  return false;
}

/** Attaches a bundle, reads it back, and verifies what the registry has. */
async function attachVerified(
  store: EvidenceStore,
  subject: Subject,
  bundle: string,
  predicateType: string,
  { publicKey }: Signer,
): Promise<void> {
  const digest = await attachBundle(store, subject, bundle, predicateType);
  const referrer = { digest, mediaType: "", artifactType: undefined, size: 0, annotations: {} };
  const text = await readContent(store, referrer);
  const verified = verifyBundle(text ?? "", publicKey, subject.digest);
  if ("claim" in verified) return;
  throw new Error(
    `${store.repository}@${digest} does not verify with key ${keyHint(publicKey)} right after it was attached: ${verified.refused}`,
  );
}

/** The bills of materials of a platform: those that are attached, and new ones for the rest. */
async function sbomsOf(
  store: EvidenceStore,
  image: Image,
  digest: string,
  referrers: readonly Referrer[],
  formats: readonly SbomFormat[],
  login: () => Promise<RegistryLogin>,
): Promise<readonly (readonly [SbomFormat, { readonly text: string; readonly isNew: boolean }])[]> {
  const found = new Map<SbomFormat, string>();
  for (const format of formats) {
    for (const referrer of referrers) {
      if (referrer.artifactType !== sbomTypes[format].artifact) continue;
      const text = await readContent(store, referrer);
      if (text !== undefined) found.set(format, text);
    }
  }
  const missing = formats.filter((format) => !found.has(format));
  const { signal } = store.registry;
  const made =
    missing.length === 0
      ? {}
      : await makeSboms(imageReference(image, digest), missing, await login(), signal);
  return formats.flatMap((format) => {
    const old = found.get(format);
    const text = old ?? made[format];
    return text === undefined ? [] : [[format, { text, isNew: old === undefined }] as const];
  });
}
