import { STS } from "@aws-sdk/client-sts";
import { UserError } from "../../config/problems/errors.ts";
import { didYouMean } from "../../config/problems/nearest.ts";
import { checkInputs } from "./check.ts";
import { type ProviderConfiguration, problemsOfAccount, readConfiguration } from "./configuration.ts";
import { type AwsContext, createClient, createContexts } from "./context.ts";
import type { Warn } from "./engine/log.ts";
import type { EngineFacingProvider } from "./engine/server.ts";
import { createResource, deleteResource, diffOf, readResource, updateResource } from "./operations.ts";
import { hasUnknown, type PropertyBag, unknownValue } from "./property.ts";
import { functions, resources } from "./registry.ts";
import type { ResourceType } from "./resource.ts";
import { previewState } from "./state.ts";

/** Resource type and name of a URN: `urn:pulumi:stack::project::parent$type::name`. */
export function partsOfUrn(urn: string): { readonly type: string; readonly name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.split("$").at(-1) ?? "", name: name.join("::") };
}

interface Configured {
  readonly configuration: ProviderConfiguration;
  contextFor(region: unknown, urn: string): AwsContext;
}

/** The stand-in for `pulumi-resource-aws`. */
export function createProvider(options: {
  readonly version: string;
  readonly warn: Warn;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): EngineFacingProvider {
  const cancelled = new AbortController();
  let configured: Configured | undefined;

  const typeOf = async (urn: string): Promise<ResourceType> => {
    const { type } = partsOfUrn(urn);
    const load = resources[type];
    if (load === undefined) throw new Error(notCovered("resource type", type, Object.keys(resources)));
    return await load();
  };
  const contextFor = (urn: string, ...bags: readonly PropertyBag[]): AwsContext => {
    if (configured === undefined) throw new Error("the provider was not configured");
    const region = bags.map((bag) => bag.region).find((value) => typeof value === "string" && value !== "");
    return configured.contextFor(region === unknownValue ? undefined : region, urn);
  };

  return {
    version: options.version,
    async checkConfiguration(news) {
      if (!hasUnknown(news)) readConfiguration(news, options.environment);
      return { inputs: news, failures: [] };
    },
    async configure(sent) {
      const configuration = readConfiguration(sent, options.environment);
      const account = await accountBehind(configuration);
      const problems = problemsOfAccount(account, configuration);
      if (problems.length > 0) throw new UserError(problems);
      const create = createContexts(configuration, account, cancelled.signal);
      configured = {
        configuration,
        contextFor: (region, urn) =>
          create(region as string | undefined, (message) => options.warn(urn, message)),
      };
    },
    async check(urn, olds, news, randomSeed) {
      const { name } = partsOfUrn(urn);
      return checkInputs(await typeOf(urn), { name, olds, news, randomSeed });
    },
    async diff(urn, before, news, ignoreChanges) {
      const previous = { ...before.inputs, ...before.outputs };
      return diffOf(await typeOf(urn), { inputs: news, previous, ignoreChanges }, contextFor(urn, news));
    },
    async create(urn, inputs, preview) {
      const type = await typeOf(urn);
      const context = contextFor(urn, inputs);
      if (preview) return { id: "", outputs: previewState(type, inputs, undefined, context) };
      return await createResource(type, inputs, context);
    },
    async read(urn, id, before) {
      return await readResource(
        await typeOf(urn),
        id,
        before,
        contextFor(urn, before.inputs, before.outputs),
      );
    },
    async update(urn, id, before, inputs, { preview, ignoreChanges }) {
      const type = await typeOf(urn);
      const context = contextFor(urn, inputs, before.outputs);
      const previous = { ...before.inputs, ...before.outputs };
      if (preview) return previewState(type, inputs, previous, context);
      return await updateResource(type, id, { inputs, previous, ignoreChanges }, context);
    },
    async delete(urn, id, outputs) {
      await deleteResource(await typeOf(urn), id, outputs, contextFor(urn, outputs));
    },
    async invoke(token, inputs) {
      const load = functions[token];
      if (load === undefined) throw new Error(notCovered("function", token, Object.keys(functions)));
      const call = await load();
      return await call(inputs, contextFor("", inputs));
    },
    cancel() {
      cancelled.abort();
    },
  };
}

/** @throws UserError when nothing answers there */
async function accountBehind(configuration: ProviderConfiguration): Promise<string> {
  const sts = createClient(configuration, STS, ["sts"], configuration.region);
  try {
    const { Account } = await sts.getCallerIdentity({});
    if (Account !== undefined) return Account;
    throw new Error("STS names no account");
  } catch (error) {
    throw new UserError(
      {
        code: "emulator-unreachable",
        where: "provider",
        key: "aws:endpoints.sts",
        message: `the emulator does not report its account (${error instanceof Error ? error.message || error.name : String(error)})`,
        value: configuration.endpoints.sts,
        fix: "start it: slipway sandbox up",
      },
      { cause: error },
    );
  }
}

function notCovered(kind: string, token: string, known: readonly string[]): string {
  return `the sandbox's AWS provider does not cover the ${kind} ${token} (docs/reference/sandbox-provider.md); ${didYouMean(token, known)}`;
}
