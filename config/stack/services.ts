import { z } from "zod";

const selectorSchema = z.union([
  z
    .string()
    .min(1)
    .regex(/^!?[^!]/, { error: "must name services after the !" }),
  z.strictObject({ group: z.string().min(1) }),
]);

/** What selects services of the catalogue: a name, a pattern, a path of contexts, or a group. */
export type Selector = z.output<typeof selectorSchema>;

/** `slipway:services`: the part of the catalogue that a stack is about. */
export const servicesSchema = z
  .array(selectorSchema)
  .min(1)
  .optional()
  .describe(
    "Services of this stack: names or patterns (payments-*), paths of contexts (services/payments/**), {group}; ! in front leaves out. Default: all",
  );
