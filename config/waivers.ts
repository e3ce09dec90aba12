import { z } from "zod";

/** File of the accepted findings, beside services.yaml. A project without one waives nothing. */
export const waiversFile = "waivers.yaml";

/** Days before its end from which a waiver is warned of. */
export const waiverWarningDays = 14;

const waiverSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9._:-]{2,127}$/, { error: "is not the id of a finding, such as CVE-2026-1234" })
    .describe(
      "Id of the finding (CVE-…, GHSA-…) or one of its aliases; for an image that cannot be scanned, the scan's status, such as UNSUPPORTED_IMAGE",
    ),
  package: z.string().min(1).optional().describe("Only in this package, by name"),
  purl: z
    .string()
    .regex(/^pkg:[a-z][a-z0-9.+-]*\/.+/i, { error: "is not a package URL, such as pkg:npm/lodash@4.17.20" })
    .optional()
    .describe("Only in this package, by package URL; without a version, in any version"),
  services: z.array(z.string().min(1)).min(1).optional().describe("Only these services; default: all"),
  justification: z
    .enum([
      "component_not_present",
      "vulnerable_code_not_present",
      "vulnerable_code_not_in_execute_path",
      "vulnerable_code_cannot_be_controlled_by_adversary",
      "inline_mitigations_already_exist",
    ])
    .optional()
    .describe(
      "OpenVEX's word for why the image is not affected; without it, an export says that the risk was accepted",
    ),
  reason: z.string().min(1).max(1000).describe("Why the finding is accepted"),
  owner: z.string().min(1).max(200).describe("Who answers for it"),
  expires: z.iso.date().describe("Last day (UTC) on which it counts"),
});

/** The content of waivers.yaml. */
export const waiversSchema = z
  .strictObject({
    $schema: z.string().optional(),
    waivers: z.array(waiverSchema).default([]),
  })
  .describe("Findings that are accepted until a day");

export type Waiver = z.output<typeof waiverSchema>;
