import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verifyBundle } from "../../../runner/evidence/bundle.ts";

const golden = join(import.meta.dirname, "golden");
const text = (name: string) => readFile(join(golden, `${name}.json`), "utf8");

/** Bundles that Slipway made with a key of KMS, and that a real Cosign verified: `npm run test:evidence`. */
const known = JSON.parse(await text("key")) as { readonly digest: string; readonly publicKey: string };
const key = Buffer.from(known.publicKey, "base64");

test.each([
  ["signature", "https://sigstore.dev/cosign/sign/v1"],
  ["provenance", "https://slsa.dev/provenance/v1"],
])("the %s that Cosign accepted is accepted here, for its image only", async (name, predicateType) => {
  const bundle = await text(name);
  expect(verifyBundle(bundle, key, known.digest)).toMatchObject({ claim: { predicateType, by: "key" } });
  expect(verifyBundle(bundle, key, `sha256:${"0".repeat(64)}`)).toEqual({ refused: "other image" });
  // Cosign finds no signature where it has a key id, or a bundle of another version.
  expect(JSON.parse(bundle)).toMatchObject({
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    dsseEnvelope: { payloadType: "application/vnd.in-toto+json", signatures: [{ sig: expect.any(String) }] },
  });
  expect(bundle).not.toContain("keyid");
});
