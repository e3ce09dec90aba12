import { z } from "zod";

/** How images in use are found beyond what Slipway deploys. Pulumi.<stack>.yaml, `slipway:inUse`. */
export const inUseSchema = z
  .strictObject({
    revisions: z
      .int()
      .min(0)
      .max(100)
      .default(3)
      .describe("Newest revisions of each task definition family in use that count as needed; 0: none"),
    profiles: z
      .record(z.string().regex(/^\d{12}$/, { error: "is not a 12-digit account id" }), z.string().min(1))
      .default({})
      .describe(
        "AWS profiles for other accounts that may pull images: account id → profile. An account without one is reported as not looked at",
      ),
  })
  .describe("Search for images in use, for `lifecycle`, `images --in-use` and the check of changed policies");
