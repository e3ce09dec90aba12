import type { OutputMap } from "@pulumi/pulumi/automation/stack.js";
import { z } from "zod";
import { outputsSchema, type PlatformOutputs, serviceOutputSchema } from "../../config/stack/outputs.ts";

/** The engine's placeholder for an unknown value (sdk/nodejs/runtime/rpc.ts). */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * The stack's outputs, checked. Images that were never built are left out: the engine keeps a
 * stand-in for what it was told to leave alone and has never seen.
 *
 * @throws ZodError when the program and the runner do not agree about the outputs: a bug
 */
export function parseOutputs(outputs: OutputMap): PlatformOutputs {
  const plain = Object.fromEntries(
    Object.entries(outputs).map(([name, { value }]) => [name, withoutUnknown(value)]),
  );
  const services = z.record(z.string(), z.unknown()).parse(plain.services ?? {});
  const tolerant = Object.entries(services).map(([name, service]) => {
    const parsed = serviceOutputSchema.safeParse(service);
    if (parsed.success || typeof service !== "object" || service === null) return [name, service];
    const { image: _half, ...repository } = service as Record<string, unknown>;
    return [name, repository];
  });
  return outputsSchema.parse({ ...plain, services: Object.fromEntries(tolerant) });
}

function withoutUnknown(value: unknown): unknown {
  if (value === unknownValue || value === null) return undefined;
  if (Array.isArray(value)) return value.map(withoutUnknown);
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, withoutUnknown(member)] as const)
      .filter(([, member]) => member !== undefined),
  );
}
