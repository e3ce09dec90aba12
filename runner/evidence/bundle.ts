import { createHash, createPublicKey, verify } from "node:crypto";
import { z } from "zod";
import { type Statement, statementType } from "./statement.ts";

/** https://github.com/sigstore/protobuf-specs, Bundle v0.3; Cosign 3 reads and writes it. */
export const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** A public key in DER (SubjectPublicKeyInfo). */
export type PublicKey = Uint8Array;

/** Who signs. A signature is ECDSA on P-256 over SHA-256, in DER. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** @param message what is signed; at most some megabytes */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * What is signed of a payload: DSSE's pre-authentication encoding.
 * https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
 */
export function preAuthenticationEncoding(type: string, payload: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `),
    payload,
  ]);
}

/** The name of a key in a bundle, as Sigstore makes it: SHA-256 of the public key, in base64. */
export function keyHint(publicKey: PublicKey): string {
  return createHash("sha256").update(publicKey).digest("base64");
}

/**
 * Signs a statement, and returns it as a bundle. It has no entry of a transparency log, and no key id in the
 * signature: with one, Cosign 3 finds no signature of its key.
 */
export async function signStatement(statement: Statement, signer: Signer): Promise<string> {
  const payload = Buffer.from(JSON.stringify(statement));
  const signature = await signer.sign(preAuthenticationEncoding(statementType, payload));
  return JSON.stringify({
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: keyHint(signer.publicKey) } },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType: statementType,
      signatures: [{ sig: Buffer.from(signature).toString("base64") }],
    },
  });
}

const bundleSchema = z.looseObject({
  mediaType: z.string().startsWith("application/vnd.dev.sigstore.bundle"),
  verificationMaterial: z.looseObject({
    publicKey: z.looseObject({ hint: z.string().optional() }).optional(),
    certificate: z.looseObject({}).optional(),
  }),
  dsseEnvelope: z.looseObject({
    payload: z.base64(),
    payloadType: z.string(),
    signatures: z.array(z.looseObject({ sig: z.base64() })).min(1),
  }),
});

const statementSchema = z.looseObject({
  subject: z.array(z.looseObject({ digest: z.record(z.string(), z.string()) })),
  predicateType: z.string(),
  predicate: z.unknown(),
});

/** What a bundle claims, before anybody has checked who signed it. */
export interface Claim {
  readonly predicateType: string;
  readonly predicate: unknown;
  /** Digests (`sha256:…`) that it is about. */
  readonly subjects: readonly string[];
  /** `key` or `certificate`: what the signature is checked with. */
  readonly by: "key" | "certificate";
  /** Hint of the key, where the bundle has one. */
  readonly hint: string | undefined;
}

/** Why a bundle is not accepted. */
export type Refusal = "unreadable" | "other key" | "bad signature" | "other image";

/** What a bundle says; undefined for anything that is no bundle of a DSSE statement. */
export function readBundle(text: string): Claim | undefined {
  const found = parseBundle(text);
  return found?.claim;
}

/**
 * Checks a bundle with a key: who signed, and that it is about this digest.
 *
 * @param digest `sha256:…` of the manifest that it is attached to
 */
export function verifyBundle(
  text: string,
  publicKey: PublicKey,
  digest: string,
): { readonly claim: Claim } | { readonly refused: Refusal } {
  const found = parseBundle(text);
  if (found === undefined) return { refused: "unreadable" };
  const { claim, payload, payloadType, signatures } = found;
  if (claim.by === "certificate" || (claim.hint !== undefined && claim.hint !== keyHint(publicKey))) {
    return { refused: "other key" };
  }
  const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  const signed = preAuthenticationEncoding(payloadType, payload);
  const isSigned = signatures.some((signature) => verify("sha256", signed, key, signature));
  if (!isSigned) return { refused: "bad signature" };
  return claim.subjects.includes(digest) ? { claim } : { refused: "other image" };
}

function parseBundle(text: string) {
  const bundle = bundleSchema.safeParse(tryJson(text)).data;
  if (bundle === undefined || bundle.dsseEnvelope.payloadType !== statementType) return undefined;
  const payload = Buffer.from(bundle.dsseEnvelope.payload, "base64");
  const statement = statementSchema.safeParse(tryJson(payload.toString("utf8"))).data;
  if (statement === undefined) return undefined;
  const { publicKey, certificate } = bundle.verificationMaterial;
  const claim: Claim = {
    predicateType: statement.predicateType,
    predicate: statement.predicate,
    subjects: statement.subject.flatMap(({ digest }) =>
      Object.entries(digest).map(([algorithm, value]) => `${algorithm}:${value}`),
    ),
    by: certificate === undefined ? "key" : "certificate",
    hint: publicKey?.hint,
  };
  return {
    claim,
    payload,
    payloadType: bundle.dsseEnvelope.payloadType,
    signatures: bundle.dsseEnvelope.signatures.map(({ sig }) => Buffer.from(sig, "base64")),
  };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
