import { z } from "zod";
import { isRegularExpression } from "../problems/regular-expression.ts";

/** `smoke`, for kinds whose targets answer over HTTP. */
export const smokeSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Asked once for all; default: each running task of the new revision, at its own address"),
    path: z.string().startsWith("/").default("/").describe("Path and query"),
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe("Port of a task; default: the first that the container maps"),
    status: z
      .int()
      .min(100)
      .max(599)
      .default(200)
      .describe("Status that is expected; redirects are not followed"),
    matches: z
      .string()
      .min(1)
      .refine(isRegularExpression, "is not a regular expression")
      .optional()
      .describe("Regular expression that the answer must match"),
    attempts: z.int().min(1).max(100).default(5),
    intervalSeconds: z.number().positive().max(300).default(2).describe("Between two attempts"),
    timeoutSeconds: z.number().positive().max(120).default(5).describe("For one answer"),
    onFailure: z
      .enum(["rollback", "keep"])
      .default("rollback")
      .describe("Put the service back to the revision before, or leave it"),
  })
  .describe("Asked over HTTP once ECS calls the service steady; what does not answer well has failed");

export type SmokeCheck = z.output<typeof smokeSchema>;
