import * as pulumi from "@pulumi/pulumi";
import { builderName } from "../../builder/builder.ts";
import { imageLabels } from "../../builder/labels.ts";
import { cacheRepositoryName, registryLoginVariable } from "../../config/names.ts";
import { outputsSchema, type PlatformOutputs } from "../../config/stack/outputs.ts";
import { buildScope, hashSources } from "../../source/hash.ts";
import { type StackOutputs, serviceOutput } from "../stack-outputs.ts";
import { readStack } from "../stack-settings.ts";
import { type BaseImage, baseImage } from "./base-image.ts";
import { chosenServices, prepareBuilds, withPlainErrors } from "./builds.ts";
import { readOwnOutputs } from "./recorded-images.ts";
import { ServiceImage } from "./service-image.ts";

/**
 * Declares nothing but the images of the services that `SLIPWAY_SERVICES` names. The command runs the engine
 * with these resources as its targets, and the engine leaves all others in the state as they are. The command
 * does so only if the state has everything that the project declares (config/description/declaration.ts). So
 * the engine compares no AWS resource and starts no AWS provider.
 *
 * @param directory the project directory
 * @returns the stack's outputs as they were, with the new images
 * @throws pulumi.RunError with all problems of the settings and the catalogue
 */
export async function declareImages(directory: string, stack: string): Promise<StackOutputs> {
  const [before, { catalogue, settings, sources, builds }] = await Promise.all([
    readOwnOutputs().then((outputs) => outputsSchema.parse(outputs)),
    prepareChosen(directory, stack, chosenServices() ?? []),
  ]);
  const repositoryOf = (service: string) => repositoryIn(before, service);
  const bases = new Map<string, BaseImage>(
    sources.map(({ hash, inputs: { service } }) => [
      service.name,
      baseImage(repositoryOf(service.name).url, hash, undefined),
    ]),
  );
  const built = builds.map(({ service, sourceHash, plan }) => {
    const repository = repositoryOf(service.name);
    const { registry } = repository;
    const image = new ServiceImage({
      service,
      sourceHash,
      plan,
      repositoryUrl: repository.url,
      cacheUrl:
        settings.cache.kind === "registry"
          ? pulumi.output(`${registry}/${cacheRepositoryName(settings)}`)
          : undefined,
      after: [],
      builder: builderName(settings.builder, stack),
      credentials: { address: registry, ...loginOf(process.env[registryLoginVariable]) },
      registry: pulumi.output(registry),
      labels: imageLabels(service, sourceHash, catalogue.source, settings.labels),
      bases,
    });
    bases.set(service.name, baseImage(repository.url, sourceHash, image));
    return [service.name, serviceOutput(repository, image)] as const;
  });
  const outputs = { ...before, services: { ...before.services, ...Object.fromEntries(built) } };
  return { keyArn: undefined, roleArns: {}, ...outputs };
}

/** Reads and checks the project, and prepares the builds of the chosen services and of what they need. */
function prepareChosen(directory: string, stack: string, chosen: readonly string[]) {
  return withPlainErrors(async () => {
    const description = await readStack(directory, stack);
    const services = description.catalogue.services.filter(({ name }) => chosen.includes(name));
    const hashed = await hashSources(directory, buildScope(description), services);
    const sources = [...hashed.values()];
    const decided = sources
      .filter(({ inputs }) => chosen.includes(inputs.service.name))
      .map((source) => ({ source, decision: "build" as const }));
    return { ...description, sources, builds: await prepareBuilds(description, decided) };
  });
}

/** A service's repository, as the stack declared it. */
function repositoryIn({ services }: PlatformOutputs, service: string) {
  const repository = services[service]?.repository;
  if (repository === undefined) throw new Error(`the stack has no repository of ${service}`);
  const { name, arn, url } = repository;
  return {
    repositoryName: name,
    arn: pulumi.output(arn),
    url: pulumi.output(url),
    /** Host (and port) of the registry. */
    registry: url.slice(0, -`/${name}`.length),
  };
}

/** @param login `user:token` in base64, as ECR hands it out */
function loginOf(login = "") {
  const [username = "", ...token] = Buffer.from(login, "base64").toString("utf8").split(":");
  return { username, password: pulumi.secret(token.join(":")) };
}
