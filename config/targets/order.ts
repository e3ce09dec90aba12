import { z } from "zod";

/** `order`, as every kind of target has it. */
export const orderSchema = z
  .int()
  .default(0)
  .describe("Targets of a lower order are moved first, and to their end; those of one order side by side");
