import { z } from "zod";

/** `order`, as every kind of target has it. */
export const orderSchema = z
  .int()
  .default(0)
  .describe(
    "Slipway completes targets of a lower order first, and updates targets of the same order in parallel",
  );
