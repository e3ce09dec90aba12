import { z } from "zod";

const days = z.number().min(0).max(36_500);

/** What `sandbox age` asks of the registry. */
export const ageRequestSchema = z.strictObject({
  repository: z.string(),
  images: z.union([
    /** The images of the repository in the order of their pushes, as evenly spread over these last days. */
    z.strictObject({ over: days }),
    /** Images by tag or digest, each with days before now; without a name, all of the repository. */
    z
      .array(
        z
          .strictObject({
            image: z.string().optional(),
            pushedDaysAgo: days,
            pulledDaysAgo: days.optional(),
          })
          .refine(({ pushedDaysAgo, pulledDaysAgo = 0 }) => pulledDaysAgo <= pushedDaysAgo, {
            error: "an image can't have been pulled before it was pushed",
          }),
      )
      .min(1),
  ]),
});

export type AgeRequest = z.output<typeof ageRequestSchema>;

/** What it answers: the images without their platforms and artifacts, which have the same dates. */
export const agedSchema = z.object({
  images: z.array(
    z.object({
      digest: z.string(),
      tags: z.array(z.string()),
      pushedAt: z.iso.datetime(),
      pulledAt: z.iso.datetime().optional(),
      /** Platforms and artifacts that have the same dates. */
      parts: z.number(),
    }),
  ),
});

export type Aged = z.output<typeof agedSchema>;
