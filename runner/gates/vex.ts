import type { FindingsPolicy } from "../../config/stack/gates.ts";
import { partsOf } from "../evidence/attest.ts";
import { type PublicKey, readBundle, verifyBundle } from "../evidence/bundle.ts";
import { type EvidenceStore, mayClaim, readContent, referrersOf } from "../evidence/referrers.ts";
import { readPublicKey } from "../evidence/signer.ts";
import { type EvidenceSession, keyPlace, storeOf } from "../evidence/step.ts";
import type { Finding } from "../findings/finding.ts";
import { openVexContext, readVex, type VexStatement } from "../findings/vex/read.ts";
import { type Image, shortDigest } from "../registry/image.ts";
import type { Referrer } from "../registry/referrers.ts";
import type { CopiedFrom } from "./baseline.ts";
import { type VexClaim, vexClaim } from "./vex-claims.ts";

/** What the VEX documents say that are attached to an image. */
export interface AttachedVex {
  /** By the digest that a document is attached to: the index, or a platform's manifest. */
  readonly statements: ReadonlyMap<string, readonly VexStatement[]>;
  /** Documents that do not count, and why. */
  readonly notices: readonly string[];
}

const none: AttachedVex = { statements: new Map(), notices: [] };

/**
 * Reads the OpenVEX documents that are attached to an image and its platforms: as documents, in a statement of
 * in-toto, or in a signed bundle. A stack with `vex: signed` counts what one of its keys has signed.
 *
 * @param copiedFrom where a promotion is about to copy them from
 */
export async function readAttachedVex(
  session: Omit<EvidenceSession, "timeline">,
  image: Image,
  mode: FindingsPolicy["vex"],
  copiedFrom?: CopiedFrom,
): Promise<AttachedVex> {
  if (mode === "off") return none;
  const store =
    copiedFrom?.isCopied === false
      ? storeOf({ ...copiedFrom, signal: session.signal }, copiedFrom)
      : storeOf(session, image);
  const keys = mode === "signed" ? await knownKeys(session) : [];
  const statements = new Map<string, VexStatement[]>();
  const notices: string[] = [];
  for (const { digest, platform } of partsOf(image)) {
    for (const referrer of await referrersOf(store, digest)) {
      const found = await readOne(store, referrer, digest, mode, keys);
      if (found === undefined) continue;
      if (Array.isArray(found)) statements.set(digest, [...(statements.get(digest) ?? []), ...found]);
      else {
        const where = `${image.service} ${platform ?? "index"}`;
        notices.push(
          `the VEX document ${shortDigest(referrer.digest)} of ${where} does not count: ${found.refused}`,
        );
      }
    }
  }
  return { statements, notices };
}

/** `readAttachedVex`, as a question about one finding of a platform's manifest. */
export async function vexOf(
  session: Omit<EvidenceSession, "timeline">,
  image: Image,
  mode: FindingsPolicy["vex"],
  copiedFrom?: CopiedFrom,
) {
  const { statements, notices } = await readAttachedVex(session, image, mode, copiedFrom);
  const of = (digest: string) => statements.get(digest) ?? [];
  const claim = (digest: string, finding: Finding): VexClaim | undefined => {
    const { registry, repository } = image;
    const subject = { registry, repository, digests: [image.digest, digest] };
    const own = digest === image.digest ? of(digest) : [...of(image.digest), ...of(digest)];
    return vexClaim(own, subject, finding);
  };
  return { claim, notices };
}

/** The keys that a stack signs with, and those that its gate takes. */
async function knownKeys(session: Omit<EvidenceSession, "timeline">): Promise<readonly PublicKey[]> {
  const { evidence, gates } = session.settings;
  const own = evidence?.sign?.key;
  const references = new Set([...(own === undefined ? [] : [own]), ...(gates?.signed?.keys ?? [])]);
  const place = keyPlace(session);
  return Promise.all([...references].map((reference) => readPublicKey(reference, place)));
}

/** Media types of OpenVEX documents and of in-toto statements that tools attach without a signature. */
const documentTypes = [/(^|[./+])(open)?vex\+json$/, /^application\/vnd\.in-toto\+json$/];

async function readOne(
  store: EvidenceStore,
  referrer: Referrer,
  subject: string,
  mode: FindingsPolicy["vex"],
  keys: readonly PublicKey[],
): Promise<VexStatement[] | { readonly refused: string } | undefined> {
  const { artifactType = "" } = referrer;
  const isVex = documentTypes[0]?.test(artifactType) === true;
  const isStatement = documentTypes[1]?.test(artifactType) === true;
  const told = referrer.annotations["dev.sigstore.bundle.predicateType"];
  const isBundle = mayClaim(referrer) && (told === undefined || told.startsWith(openVexContext));
  if (!isVex && !isStatement && !isBundle) return undefined;
  const text = await readContent(store, referrer);
  const claim = text === undefined ? undefined : readBundle(text);
  if (text !== undefined && claim !== undefined) {
    if (!claim.predicateType.startsWith(openVexContext)) return undefined;
    if (!claim.subjects.includes(subject)) return { refused: "it is about another image" };
    const isSigned = keys.some((key) => "claim" in verifyBundle(text, key, subject));
    if (mode === "signed" && !isSigned) return { refused: "none of this stack's keys has signed it" };
    return statementsOf(claim.predicate) ?? { refused: "it is not readable as OpenVEX" };
  }
  const document = jsonOf(text);
  const predicate = isStatement ? vexPredicate(document, subject) : document;
  const read = statementsOf(predicate);
  if (read === undefined) return isVex ? { refused: "it is not readable as OpenVEX" } : undefined;
  return mode === "signed" ? { refused: "it is not signed" } : read;
}

function statementsOf(document: unknown): VexStatement[] | undefined {
  const read = readVex(document);
  return read === undefined ? undefined : [...read];
}

/** The predicate of a plain in-toto statement about this manifest. */
function vexPredicate(document: unknown, subject: string): unknown {
  const {
    predicateType,
    predicate,
    subject: subjects,
  } = (document ?? {}) as {
    readonly predicateType?: unknown;
    readonly predicate?: unknown;
    readonly subject?: readonly { readonly digest?: Readonly<Record<string, string>> }[];
  };
  if (typeof predicateType !== "string" || !predicateType.startsWith(openVexContext)) return undefined;
  const isAbout = subjects?.some(({ digest }) => `sha256:${digest?.sha256}` === subject);
  return isAbout === true ? predicate : undefined;
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
