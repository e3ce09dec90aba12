import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { GetPublicKeyCommand, SignCommand } from "@aws-sdk/client-kms";
import { UserError } from "../../config/problems/errors.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import type { Clients } from "../aws/clients.ts";
import { isAwsError } from "../aws/errors.ts";
import type { PublicKey, Signer } from "./bundle.ts";

/** Where keys come from. */
export interface KeyPlace {
  readonly clients: Clients;
  readonly signal: AbortSignal;
  /** The project directory, for files. */
  readonly directory: string;
  /** Pulumi.<stack>.yaml, for messages. */
  readonly stackFile: string;
}

const kmsPrefix = "awskms:///";
const environmentPrefix = "env://";

/**
 * Opens the key that `slipway:evidence.sign.key` refers to. A key of KMS stays there: KMS signs.
 *
 * @param reference as `config/stack/evidence.ts` takes it
 * @throws UserError `signing-key` when it is not there, or is no EC key on P-256
 */
export async function openSigner(reference: string, place: KeyPlace): Promise<Signer> {
  if (reference.startsWith(kmsPrefix)) return kmsSigner(reference.slice(kmsPrefix.length), reference, place);
  const key = parseKey(await readPem(reference, place), reference, place, createPrivateKey);
  return {
    publicKey: derOf(createPublicKey(key)),
    sign: async (message) => sign("sha256", message, key),
  };
}

/**
 * The public key to check signatures with: of a key of KMS, or in PEM. A private key stands for its public one.
 *
 * @throws UserError `signing-key`
 */
export async function readPublicKey(reference: string, place: KeyPlace): Promise<PublicKey> {
  if (reference.startsWith(kmsPrefix))
    return kmsPublicKey(reference.slice(kmsPrefix.length), reference, place);
  return derOf(parseKey(await readPem(reference, place), reference, place, createPublicKey));
}

async function kmsSigner(KeyId: string, reference: string, place: KeyPlace): Promise<Signer> {
  const { clients, signal } = place;
  return {
    publicKey: await kmsPublicKey(KeyId, reference, place),
    sign: async (message) => {
      // RAW would take 4096 bytes, less than a bill of materials.
      const Message = createHash("sha256").update(message).digest();
      const command = new SignCommand({
        KeyId,
        Message,
        MessageType: "DIGEST",
        SigningAlgorithm: "ECDSA_SHA_256",
      });
      const { Signature } = await clients.kms.send(command, { abortSignal: signal });
      if (Signature === undefined) throw new Error("KMS answered without a signature");
      return Signature;
    },
  };
}

async function kmsPublicKey(KeyId: string, reference: string, place: KeyPlace): Promise<PublicKey> {
  const { clients, signal } = place;
  try {
    const command = new GetPublicKeyCommand({ KeyId });
    const { PublicKey, KeySpec, KeyUsage } = await clients.kms.send(command, { abortSignal: signal });
    if (PublicKey === undefined) throw new Error("KMS answered without a key");
    if (KeySpec !== "ECC_NIST_P256" || KeyUsage !== "SIGN_VERIFY") {
      throw refusedKey(reference, place, `is a key of KMS for ${KeyUsage} with ${KeySpec}`);
    }
    return PublicKey;
  } catch (error) {
    if (isAwsError(error, "NotFoundException")) throw refusedKey(reference, place, "is no key of KMS here");
    if (isAwsError(error, "UnsupportedOperationException", "InvalidKeyUsageException")) {
      throw refusedKey(reference, place, "is a key of KMS that signs nothing");
    }
    if (isAwsError(error, "DisabledException", "KMSInvalidStateException")) {
      throw refusedKey(reference, place, "is a key of KMS that is disabled or about to be deleted");
    }
    throw error;
  }
}

async function readPem(reference: string, place: KeyPlace): Promise<string> {
  if (reference.startsWith(environmentPrefix)) {
    const name = reference.slice(environmentPrefix.length);
    const text = process.env[name];
    if (text === undefined || text === "") {
      throw refusedKey(reference, place, `names a variable that is not set`);
    }
    return text;
  }
  try {
    return await readFile(resolve(place.directory, reference), "utf8");
  } catch (error) {
    throw refusedKey(reference, place, `can't be read: ${firstLine(error)}`);
  }
}

function parseKey(
  pem: string,
  reference: string,
  place: KeyPlace,
  parse: (pem: string) => KeyObject,
): KeyObject {
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch {
    // The parser's own words may quote what they were given.
    const sealed = pem.includes("ENCRYPTED") ? "is encrypted with a password" : "is no key in PEM";
    throw refusedKey(reference, place, sealed);
  }
  if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw refusedKey(reference, place, `is a key of type ${key.asymmetricKeyType}`);
  }
  return key;
}

function derOf(key: KeyObject): PublicKey {
  return key.export({ format: "der", type: "spki" });
}

function refusedKey(value: string, { stackFile }: KeyPlace, message: string): UserError {
  return new UserError({
    code: "signing-key",
    where: stackFile,
    value,
    message: `the key ${message}`,
    fix: "name an EC key on the curve P-256: a KMS key (ECC_NIST_P256, SIGN_VERIFY), or one in PEM without a password",
  });
}
