import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { inject } from "vitest";
import { z } from "zod";

const referenceSchema = z.object({
  shape: z.string(),
  location: z.string().optional(),
  locationName: z.string().optional(),
  queryName: z.string().optional(),
  flattened: z.boolean().optional(),
});

const shapeSchema = z.object({
  type: z.string(),
  members: z.record(z.string(), referenceSchema).optional(),
  required: z.array(z.string()).optional(),
  member: referenceSchema.optional(),
  key: referenceSchema.optional(),
  value: referenceSchema.optional(),
  enum: z.array(z.string()).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  pattern: z.string().optional(),
  payload: z.string().optional(),
  streaming: z.boolean().optional(),
  flattened: z.boolean().optional(),
  document: z.boolean().optional(),
  eventstream: z.boolean().optional(),
  exception: z.boolean().optional(),
  error: z.object({ code: z.string().optional() }).optional(),
});

const operationSchema = z.object({
  http: z.object({ method: z.string(), requestUri: z.string() }),
  input: z.object({ shape: z.string() }).optional(),
  output: z.object({ shape: z.string(), resultWrapper: z.string().optional() }).optional(),
});

const modelSchema = z.object({
  metadata: z.object({ protocol: z.string(), targetPrefix: z.string().optional() }),
  operations: z.record(z.string(), operationSchema),
  shapes: z.record(z.string(), shapeSchema),
});

/** A service's API as AWS describes it: botocore's `service-2.json`, without the words. */
export type Model = z.infer<typeof modelSchema> & { readonly service: string };
export type Shape = z.infer<typeof shapeSchema>;
export type ShapeReference = z.infer<typeof referenceSchema>;
export type Operation = z.infer<typeof operationSchema>;

/** botocore's folder for a service where it is not the name that requests are signed with. */
const folders: Readonly<Record<string, string>> = {
  monitoring: "cloudwatch",
  elasticloadbalancing: "elbv2",
};

const loaded = new Map<string, Model | undefined>();

/**
 * The model of a service; undefined when AWS has no such service.
 *
 * @param service name that requests are signed with, as in IAM's actions: `ecs`, `elasticloadbalancing`
 */
export function modelOf(service: string): Model | undefined {
  if (!loaded.has(service)) loaded.set(service, readModel(folders[service] ?? service));
  return loaded.get(service);
}

function readModel(service: string): Model | undefined {
  const folder = join(inject("awsModels"), service);
  // Older versions of an API lie beside the newest.
  const version = read(() => readdirSync(folder).toSorted().at(-1));
  if (version === undefined) return undefined;
  const text = gunzipSync(readFileSync(join(folder, version, "service-2.json.gz"))).toString("utf8");
  return { ...modelSchema.parse(JSON.parse(text)), service };
}

function read<T>(reading: () => T): T | undefined {
  try {
    return reading();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @throws Error when the model has no such shape: it is AWS's, and whole. */
export function shapeOf(model: Model, name: string): Shape {
  const shape = model.shapes[name];
  if (shape === undefined) throw new Error(`AWS's model of ${model.service} has no shape ${name}`);
  return shape;
}
