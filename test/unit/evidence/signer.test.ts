import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetPublicKeyCommand, KMSClient, SignCommand } from "@aws-sdk/client-kms";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { UserError } from "../../../config/problems/errors.ts";
import { type KeyPlace, openSigner, readPublicKey } from "../../../runner/evidence/signer.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError, fakeContext } from "../targets/fakes.ts";

const kms = mockClient(KMSClient);
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const der = publicKey.export({ format: "der", type: "spki" });
const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const message = Buffer.from("a statement");
let directory: string;
let place: KeyPlace;

beforeEach(async () => {
  kms.reset();
  directory = await mkdtemp(join(tmpdir(), "slipway-signer-"));
  const { clients, signal } = fakeContext();
  place = { clients, signal, directory, stackFile: "Pulumi.dev.yaml" };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

const isSigned = (signature: Uint8Array, key: KeyObject) => verify("sha256", message, key, signature);
const refusal = async (reference: string) => {
  const error = await openSigner(reference, place).then(
    () => undefined,
    (reason: unknown) => reason as UserError,
  );
  expect(error?.problems[0]).toMatchObject({
    code: "signing-key",
    where: "Pulumi.dev.yaml",
    value: reference,
  });
  return error?.problems[0]?.message;
};

describe("a key of KMS", () => {
  const inKms = (more: object = {}) =>
    kms
      .on(GetPublicKeyCommand)
      .resolves({ PublicKey: der, KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY", ...more });

  it("signs in KMS, which gets the message's hash and nothing else", async () => {
    inKms();
    kms.on(SignCommand).resolves({ Signature: sign("sha256", message, privateKey) });
    const signer = await openSigner("awskms:///alias/images", place);
    expect(isSigned(await signer.sign(message), publicKey)).toBe(true);
    expect(Buffer.from(signer.publicKey)).toEqual(der);
    expect(kms.commandCalls(SignCommand)[0]?.args[0].input).toEqual({
      KeyId: "alias/images",
      Message: createHash("sha256").update(message).digest(),
      MessageType: "DIGEST",
      SigningAlgorithm: "ECDSA_SHA_256",
    });
  });

  it("is refused when it is missing, disabled, or of another kind", async () => {
    kms.on(GetPublicKeyCommand).rejects(awsError("NotFoundException"));
    expect(await refusal("awskms:///alias/images")).toBe("the key is no key of KMS here");
    kms.on(GetPublicKeyCommand).rejects(awsError("DisabledException"));
    expect(await refusal("awskms:///alias/images")).toContain("disabled");
    kms.on(GetPublicKeyCommand).rejects(awsError("UnsupportedOperationException"));
    expect(await refusal("awskms:///alias/images")).toContain("signs nothing");
    inKms({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" });
    expect(await refusal("awskms:///alias/images")).toBe(
      "the key is a key of KMS for ENCRYPT_DECRYPT with RSA_2048",
    );
  });
});

describe("a key in PEM", () => {
  it("comes from a file of the project", async () => {
    await writeFile(join(directory, "images.pem"), pem);
    const signer = await openSigner("images.pem", place);
    expect(isSigned(await signer.sign(message), publicKey)).toBe(true);
    expect(Buffer.from(await readPublicKey("images.pem", place))).toEqual(der);
  });

  it("comes from a variable, and a public one is enough to verify", async () => {
    vi.stubEnv("IMAGE_KEY", pem);
    expect(isSigned(await (await openSigner("env://IMAGE_KEY", place)).sign(message), publicKey)).toBe(true);
    vi.stubEnv("IMAGE_KEY", publicKey.export({ format: "pem", type: "spki" }).toString());
    expect(Buffer.from(await readPublicKey("env://IMAGE_KEY", place))).toEqual(der);
    expect(await refusal("env://IMAGE_KEY")).toBe("the key is no key in PEM");
  });

  it("is refused when it is missing, sealed, or of another type; its text is never shown", async () => {
    expect(await refusal("none.pem")).toContain("can't be read");
    expect(await refusal("env://NO_SUCH_KEY")).toBe("the key names a variable that is not set");
    vi.stubEnv("IMAGE_KEY", "s3cret");
    expect(await refusal("env://IMAGE_KEY")).toBe("the key is no key in PEM");
    const cipher = { cipher: "aes-256-cbc", passphrase: "x" };
    vi.stubEnv("IMAGE_KEY", privateKey.export({ format: "pem", type: "pkcs8", ...cipher }).toString());
    expect(await refusal("env://IMAGE_KEY")).toBe("the key is encrypted with a password");
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    vi.stubEnv("IMAGE_KEY", rsa.export({ format: "pem", type: "pkcs8" }).toString());
    expect(await refusal("env://IMAGE_KEY")).toBe("the key is a key of type rsa");
  });
});
