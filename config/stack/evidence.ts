import { z } from "zod";
import { isRegularExpression } from "../problems/regular-expression.ts";

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

const trustedRoot = z
  .string()
  .min(1)
  .optional()
  .describe("File with the roots of a private Sigstore; default: the public one's");

const keylessSchema = z
  .strictObject({
    transparencyLog: z
      .boolean()
      .default(false)
      .describe("Whether a public log may keep the signature, with the name of the workflow, for ever"),
    signingConfig: z
      .string()
      .min(1)
      .optional()
      .describe("File that names the services which sign; needed without a transparency log"),
    trustedRoot,
  })
  .refine(({ transparencyLog, signingConfig }) => transparencyLog || signingConfig !== undefined, {
    error:
      "signing without a transparency log needs a signingConfig without one; to use the public log, set transparencyLog: true",
    path: ["transparencyLog"],
  });

export type KeylessSettings = z.output<typeof keylessSchema>;

const signSchema = z
  .strictObject({
    key: keySchema
      .optional()
      .describe(
        "Key that signs: awskms:///alias/… of AWS KMS (ECC_NIST_P256), env://NAME with an EC private key in PEM, or a file with one",
      ),
    keyless: keylessSchema
      .optional()
      .describe("Sign with the identity of the job instead of a key; needs cosign where Slipway runs"),
  })
  .refine(({ key, keyless }) => (key === undefined) !== (keyless === undefined), {
    error: "name either a key or keyless",
  });

/** Who signs without a key: what the certificate of a signature names. */
export const identitySchema = z
  .strictObject({
    subject: z.string().min(1).optional().describe("The whole identity, such as the address of a workflow"),
    subjectMatches: z
      .string()
      .min(1)
      .refine(isRegularExpression, "is not a regular expression")
      .optional()
      .describe("A regular expression that the identity matches"),
    issuer: z.url().describe("Who vouches for it: https://token.actions.githubusercontent.com"),
    transparencyLog: z.boolean().default(true).describe("Whether the signature has to be in the log"),
    trustedRoot,
  })
  .refine(({ subject, subjectMatches }) => (subject === undefined) !== (subjectMatches === undefined), {
    error: "name either subject or subjectMatches",
  });

export type SigningIdentity = z.output<typeof identitySchema>;

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
