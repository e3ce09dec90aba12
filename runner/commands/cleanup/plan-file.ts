import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { canonicalJson } from "../../../config/canonical-json.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import { cleanupKinds } from "../../../lifecycle/cleanup/model.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const kind = z.enum([...cleanupKinds, "repositories"]);

/** What a clean-up was asked for. */
export const cleanupPolicySchema = z.strictObject({
  kinds: z.array(z.enum(cleanupKinds)),
  keepNewest: z.number().min(0),
  graceDays: z.number().min(0),
  despiteBlindSpots: z.boolean(),
  removedRepositories: z.array(z.string()),
});

export type CleanupPolicy = z.output<typeof cleanupPolicySchema>;

const planSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal("cleanup-plan"),
  stack: z.string(),
  account: z.string(),
  region: z.string(),
  registry: z.string(),
  /** When the images were read. */
  at: z.iso.datetime(),
  /** When all had been read: a pull after that is somebody else's. */
  readUntil: z.iso.datetime(),
  services: z.array(z.string()),
  policy: cleanupPolicySchema,
  /** Of the policy, and of what the project's files say of services and tags. */
  policyFingerprint: z.string(),
  /** Of the images in use, and of where they were looked for. */
  inUseFingerprint: z.string(),
  lookedAt: z.array(z.string()),
  notLookedAt: z.array(z.string()),
  /** What could not be seen. */
  blind: z.array(z.string()),
  /** In the order of deletion. */
  removals: z.array(
    z.strictObject({
      repository: z.string(),
      digest,
      kind,
      reason: z.string(),
      tags: z.array(z.string()),
      pushedAt: z.iso.datetime(),
      /** Bytes of blobs that no image has any more once this one and those before it are gone. */
      freedBytes: z.number(),
      wave: z.int(),
      after: z.array(digest),
    }),
  ),
  /** Repositories of removed services, deleted once they are empty. */
  repositories: z.array(z.string()),
  /** Images of the selected kinds that stay, and why. */
  kept: z.array(
    z.strictObject({ repository: z.string(), digest, kind, reason: z.string(), tags: z.array(z.string()) }),
  ),
  /** Repositories with the stack's prefix that no service has, and that were not named. */
  withoutService: z.array(z.string()),
  missing: z.array(z.string()),
  freedBytes: z.number(),
  /** Of all the other members: a plan that somebody has edited is refused. */
  digest,
});

export type CleanupPlanDocument = z.output<typeof planSchema>;

/** The digest of a plan's other members. */
export function digestOfPlan({
  digest: _digest,
  ...plan
}: Omit<CleanupPlanDocument, "digest"> & { digest?: string }) {
  return `sha256:${hashOf(plan)}`;
}

/** A hash of data, whatever the order of its members. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** How old a plan may be, in milliseconds. */
const longest = 60 * 60_000;
/** Clocks differ. */
const tolerance = 5 * 60_000;

/**
 * Reads a plan, and refuses one that `cleanup plan` did not write like this, or that is too old.
 *
 * @param now milliseconds
 * @throws UserError `cleanup-plan-invalid`, `cleanup-plan-old`
 */
export async function readPlan(file: string, now: number): Promise<CleanupPlanDocument> {
  const plan = parsePlan(file, await textOf(file));
  const age = now - Date.parse(plan.at);
  if (age > longest || age < -tolerance) {
    throw new UserError(
      {
        code: "cleanup-plan-old",
        where: file,
        key: "at",
        value: plan.at,
        message: age < 0 ? "the plan is of the future" : "the plan is more than an hour old",
        fix: "make a new plan with slipway cleanup plan --out FILE",
      },
      { exitCode: 3 },
    );
  }
  return plan;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw invalid(file, `can't be read: ${firstLine(error)}`, error);
  }
}

function parsePlan(file: string, text: string): CleanupPlanDocument {
  let plan: CleanupPlanDocument;
  try {
    plan = planSchema.parse(JSON.parse(text));
  } catch (error) {
    throw invalid(file, "is not a plan of slipway cleanup", error);
  }
  if (plan.digest !== digestOfPlan(plan))
    throw invalid(file, "was changed after slipway cleanup had written it");
  return plan;
}

function invalid(file: string, message: string, cause?: unknown): UserError {
  return new UserError(
    {
      code: "cleanup-plan-invalid",
      where: file,
      message,
      fix: "make a plan with slipway cleanup plan --out FILE, and choose what goes by its options",
    },
    { cause },
  );
}

/**
 * Refuses a file of another account, region, registry or stack.
 *
 * @param own what the session works on
 * @throws UserError `cleanup-elsewhere`
 */
export function refuseElsewhere(
  file: string,
  told: Readonly<Record<"account" | "region" | "registry" | "stack", string>>,
  own: Readonly<Record<"account" | "region" | "registry" | "stack", string>>,
): void {
  const problems = (["account", "region", "registry", "stack"] as const)
    .filter((key) => told[key] !== own[key])
    .map((key) => ({
      code: "cleanup-elsewhere" as const,
      where: file,
      key,
      value: told[key],
      message: `is for another ${key} than ${own[key]}`,
      fix: "use the credentials and the --stack that it was made with",
    }));
  if (problems.length > 0) throw new UserError(problems);
}
