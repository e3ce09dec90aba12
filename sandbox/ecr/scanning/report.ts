import { z } from "zod";

const cvssSchema = z.object({
  version: z.string().optional(),
  vector: z.string().optional(),
  metrics: z.object({ baseScore: z.number().optional() }).optional(),
});

const matchSchema = z.object({
  vulnerability: z.object({
    id: z.string(),
    dataSource: z.string().optional(),
    severity: z.string().optional(),
    description: z.string().optional(),
    urls: z.array(z.string()).nullish(),
    cvss: z.array(cvssSchema).nullish(),
    fix: z.object({ versions: z.array(z.string()).nullish(), state: z.string().optional() }).optional(),
  }),
  relatedVulnerabilities: z.array(z.object({ id: z.string() })).nullish(),
  artifact: z.object({
    name: z.string(),
    version: z.string().optional(),
    type: z.string().optional(),
    locations: z.array(z.object({ path: z.string().optional(), layerID: z.string().optional() })).nullish(),
  }),
});

/** What the sandbox reads of `grype -o json`. */
export const reportSchema = z.object({
  matches: z.array(matchSchema),
  descriptor: z.object({
    db: z.object({ status: z.object({ built: z.string().optional() }).optional() }).nullish(),
  }),
  /** How many packages it found in the image, vulnerable or not, as far as that was asked: not Grype's own field. */
  packages: z.int().optional(),
});

/** What the sandbox reads of `grype -o cyclonedx-json`, which lists all packages. */
export const packagesSchema = z.object({ components: z.array(z.unknown()).default([]) });

export type Report = z.output<typeof reportSchema>;
export type Match = z.output<typeof matchSchema>;
