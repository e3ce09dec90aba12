import type { AwsContext } from "./context.ts";
import type { PropertyBag } from "./property.ts";
import type { ResourceType } from "./resource.ts";

/** A function (`invoke`) of the provider. */
export type ProviderFunction = (inputs: PropertyBag, context: AwsContext) => Promise<PropertyBag>;

/** Every resource type that is covered; its file, and the SDK client in it, is loaded when first needed. */
export const resources: Readonly<Record<string, () => Promise<ResourceType>>> = {
  "aws:ecr/repository:Repository": async () => (await import("./resources/ecr/repository.ts")).repository,
};

/** Every function that is covered. */
export const functions: Readonly<Record<string, () => Promise<ProviderFunction>>> = {};
