import * as pulumi from "@pulumi/pulumi";
import { registryHost } from "../config/names.ts";
import { currentAccount } from "./account.ts";
import { BuildCache } from "./build-cache.ts";
import { registryCredentials } from "./credentials.ts";
import { EncryptionKey } from "./encryption-key.ts";
import { imageLabels } from "./image-labels.ts";
import { prepare } from "./prepare.ts";
import { ImageRepository } from "./repository.ts";
import { ServiceImage } from "./service-image.ts";
import { serviceOutput } from "./stack-outputs.ts";

// Config: whatever is wrong is said here, all at once, before the first resource.
const { catalogue, settings, builds, builder } = await prepare(process.cwd(), pulumi.getStack());
const { repositories } = settings;
const account = currentAccount(settings);
const name = `${pulumi.getProject()}-${settings.stack}`.replaceAll(/[^A-Za-z0-9_-]/g, "-");
const tags = { ...settings.resourceTags, "slipway:stack": settings.stack };

// Key: one for the alerts, and for the images when they are to be encrypted with a key of our own.
const key = new EncryptionKey({ name, account, protect: repositories.protect, tags });
const { encryption } = repositories;
const imageKey = encryption.kind === "kms" ? (encryption.keyArn ?? key.arn) : undefined;

// Repositories, each with its retention and who may pull.
const serviceRepositories = new Map(
  builds.map(({ service }) => [
    service.name,
    new ImageRepository({ service, settings, account, keyArn: imageKey }),
  ]),
);

// Images: built where the builder is, pushed by digest, joined under the hash of their source.
const registry = account.apply(({ id }) => registryHost(settings, id));
const credentials = registryCredentials(registry);
const cache = settings.cache.kind === "registry" ? new BuildCache({ settings, account }) : undefined;
const images = builds.map(({ service, sourceHash, staged, secrets }) => {
  const repository = serviceRepositories.get(service.name);
  if (repository === undefined) throw new Error(`no repository was declared for ${service.name}`);
  const labels = imageLabels(service, sourceHash, catalogue.source, settings.labels);
  return {
    service,
    repository,
    image: new ServiceImage({
      service,
      sourceHash,
      staged,
      repository,
      cache,
      builder,
      credentials,
      registry,
      labels,
      secrets,
    }),
  };
});

// Outputs: names that other stacks and the runner rely on (config/outputs.ts).
export const services = pulumi.all(
  Object.fromEntries(
    images.map(({ service, repository, image }) => [service.name, serviceOutput(repository, image)]),
  ),
);
export const keyArn = key.arn;
