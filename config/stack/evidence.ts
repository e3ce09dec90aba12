import { z } from "zod";

/** Formats of a bill of materials, by the name that Syft and Cosign have for them. */
export const sbomFormats = ["spdx", "cyclonedx"] as const;
export type SbomFormat = (typeof sbomFormats)[number];

/** `awskms:///alias/shop-images`, as Cosign writes keys of AWS KMS. */
const kmsPrefix = "awskms:///";

/** A reference to a key: never the key itself. */
export const keySchema = z
  .string()
  .regex(
    /^(awskms:\/\/\/(alias\/[A-Za-z0-9/_-]+|arn:aws[a-z-]*:kms:\S+|[0-9a-z-]{36})|env:\/\/\w+|(?!\w+:\/\/).+)$/,
    {
      error: `must be ${kmsPrefix} with an alias, an ARN or an id, env:// with a variable, or a file`,
    },
  );

const signSchema = z.strictObject({
  key: keySchema.describe(
    "Key that signs: awskms:///alias/… of AWS KMS (ECC_NIST_P256), env://NAME with an EC private key in PEM, or a file with one",
  ),
});

/** What is attached to each image that is deployed. Pulumi.<stack>.yaml, `slipway:evidence`. */
export const evidenceSchema = z
  .strictObject({
    sign: signSchema.optional().describe("Sign images and what is attached to them"),
    sbom: z
      .array(z.enum(sbomFormats))
      .default([])
      .describe("Attach bills of materials of each platform, made by the syft that is installed"),
    provenance: z
      .boolean()
      .default(false)
      .describe("Attach where the image comes from (SLSA provenance v1); needs sign"),
  })
  .refine(({ provenance, sign }) => !provenance || sign !== undefined, {
    error: "provenance is a signed statement: set sign as well",
    path: ["provenance"],
  });

export type EvidenceSettings = z.output<typeof evidenceSchema>;

/** The key of KMS that a reference names, as KMS's API names it; undefined for a key of another kind. */
export function kmsKeyOf(reference: string | undefined): string | undefined {
  return reference?.startsWith(kmsPrefix) === true ? reference.slice(kmsPrefix.length) : undefined;
}
