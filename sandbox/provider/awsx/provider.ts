import { type ConstructResult, main, type Provider } from "@pulumi/pulumi/provider/index.js";
import { constructRepository } from "./repository.ts";

const components: Readonly<Record<string, NonNullable<Provider["construct"]>>> = {
  "awsx:ecr:Repository": constructRepository,
};

/** Serves the stand-in for `pulumi-resource-awsx`: only components, which consist of resources of `aws`. */
export async function serveComponents(version: string, engineArguments: readonly string[]): Promise<void> {
  const provider: Provider = {
    version,
    async construct(name, type, inputs, options): Promise<ConstructResult> {
      const construct = components[type];
      if (construct === undefined) {
        const known = Object.keys(components).join(", ");
        throw new Error(`the sandbox's awsx provider does not cover ${type}, only ${known}`);
      }
      return await construct(name, type, inputs, options);
    },
  };
  await main(provider, [...engineArguments]);
}
