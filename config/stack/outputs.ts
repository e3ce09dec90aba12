import { z } from "zod";
import { githubRoles } from "./github.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const imageOutputSchema = z.object({
  /** `<registry>/<repository>@<digest>` of the index. */
  ref: z.string(),
  /** Digest of the index. */
  digest,
  /** The source hash it was built from. */
  sourceHash: z.string(),
  /** Platform → digest of that platform's manifest. */
  manifests: z.record(z.string(), digest),
});

export const serviceOutputSchema = z.object({
  repository: z.object({ name: z.string(), arn: z.string(), url: z.string() }),
  /** Absent until the image has been built once. */
  image: imageOutputSchema.optional(),
});

/** Outputs of the platform stack: stable names that other stacks and the runner read. */
export const outputsSchema = z.object({
  services: z.record(z.string(), serviceOutputSchema),
  topicArn: z.string(),
  keyArn: z.string().optional(),
  alarmArns: z.record(z.string(), z.string()),
  dashboard: z.string(),
  /** Roles for GitHub Actions, by `pullRequest`, `push`, `deploy`, `inspect`: those the stack has. Absent in stacks not brought up since. */
  roleArns: z.partialRecord(z.enum(githubRoles), z.string()).optional(),
});

export type PlatformOutputs = z.output<typeof outputsSchema>;
export type ServiceOutput = z.output<typeof serviceOutputSchema>;
export type ImageOutput = z.output<typeof imageOutputSchema>;
