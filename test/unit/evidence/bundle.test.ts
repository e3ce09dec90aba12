import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  keyHint,
  preAuthenticationEncoding,
  readBundle,
  type Signer,
  signStatement,
  verifyBundle,
} from "../../../runner/evidence/bundle.ts";
import { signaturePredicate, statementAbout } from "../../../runner/evidence/statement.ts";

const digest = `sha256:${"a".repeat(64)}`;
const other = `sha256:${"b".repeat(64)}`;

function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    publicKey: publicKey.export({ format: "der", type: "spki" }),
    sign: async (message) => sign("sha256", message, privateKey),
  };
}

const ours = newSigner();
const statement = statementAbout(digest, signaturePredicate, {});

describe("a bundle", () => {
  it("is what Cosign 3 writes: Bundle v0.3 with a DSSE envelope, the key's hint, and no key id", async () => {
    const bundle = JSON.parse(await signStatement(statement, ours)) as Record<string, never>;
    expect(bundle).toEqual({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: keyHint(ours.publicKey) } },
      dsseEnvelope: {
        payload: Buffer.from(JSON.stringify(statement)).toString("base64"),
        payloadType: "application/vnd.in-toto+json",
        signatures: [{ sig: expect.any(String) }],
      },
    });
    expect(statement).toEqual({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ digest: { sha256: "a".repeat(64) } }],
      predicateType: "https://sigstore.dev/cosign/sign/v1",
      predicate: {},
    });
  });

  it("signs DSSE's encoding of the payload, byte for byte", () => {
    // The example of the protocol: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
    const encoded = preAuthenticationEncoding("http://example.com/HelloWorld", Buffer.from("hello world"));
    expect(Buffer.from(encoded).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  it("verifies with its key, for its image", async () => {
    const text = await signStatement(statement, ours);
    expect(verifyBundle(text, ours.publicKey, digest)).toEqual({
      claim: {
        predicateType: signaturePredicate,
        predicate: {},
        subjects: [digest],
        by: "key",
        hint: keyHint(ours.publicKey),
      },
    });
  });

  it("is refused for another image, with another key, and without a hint of the key", async () => {
    const text = await signStatement(statement, ours);
    expect(verifyBundle(text, ours.publicKey, other)).toEqual({ refused: "other image" });
    expect(verifyBundle(text, newSigner().publicKey, digest)).toEqual({ refused: "other key" });
    const unnamed = text.replace(/"hint":"[^"]*"/, '"x":1');
    expect(verifyBundle(unnamed, newSigner().publicKey, digest)).toEqual({ refused: "bad signature" });
    expect(verifyBundle(unnamed, ours.publicKey, digest)).toHaveProperty("claim");
  });

  it("is refused when anything that was signed is changed", async () => {
    const text = await signStatement(statement, ours);
    const { payload } = (JSON.parse(text) as { dsseEnvelope: { payload: string } }).dsseEnvelope;
    const bytes = Buffer.from(payload, "base64");
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(bytes);
        changed[at] = ((changed[at] ?? 0) + by) % 256;
        const result = verifyBundle(
          text.replace(payload, changed.toString("base64")),
          ours.publicKey,
          digest,
        );
        expect(result).not.toHaveProperty("claim");
      }),
    );
  });

  it("with a certificate is another's: a key can't check it", async () => {
    const text = await signStatement(statement, ours);
    const keyless = text.replace(/"publicKey":\{[^}]*\}/, '"certificate":{"rawBytes":"AA=="}');
    expect(readBundle(keyless)).toMatchObject({ by: "certificate" });
    expect(verifyBundle(keyless, ours.publicKey, digest)).toEqual({ refused: "other key" });
  });

  it.each(["", "{}", "[]", "null", '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}'])(
    "is not %j",
    (text) => {
      expect(readBundle(text)).toBeUndefined();
      expect(verifyBundle(text, ours.publicKey, digest)).toEqual({ refused: "unreadable" });
    },
  );
});
