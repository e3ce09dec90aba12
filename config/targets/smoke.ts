import { z } from "zod";
import { isRegularExpression } from "../problems/regular-expression.ts";

/** `smoke`, for kinds whose targets answer over HTTP. */
export const smokeSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "One address for all tasks; default: the own address of each running task of the new revision",
      ),
    path: z.string().startsWith("/").default("/").describe("Path and query"),
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe("Port of a task; default: the first port that the container maps"),
    status: z
      .int()
      .min(100)
      .max(599)
      .default(200)
      .describe("Expected status; Slipway does not follow redirects"),
    matches: z
      .string()
      .min(1)
      .refine(isRegularExpression, "is not a regular expression")
      .optional()
      .describe("Regular expression that the response must match"),
    attempts: z.int().min(1).max(100).default(5),
    intervalSeconds: z.number().positive().max(300).default(2).describe("Pause between two attempts"),
    timeoutSeconds: z.number().positive().max(120).default(5).describe("Time limit for one response"),
    onFailure: z
      .enum(["rollback", "keep"])
      .default("rollback")
      .describe("Roll the service back to the previous revision, or leave it"),
  })
  .describe("HTTP check after ECS reports the service as stable; a wrong response fails the deployment");

export type SmokeCheck = z.output<typeof smokeSchema>;
