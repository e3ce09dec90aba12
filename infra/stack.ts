import * as pulumi from "@pulumi/pulumi";
import { imageLabels } from "../builder/labels.ts";
import { stackResourceName } from "../config/alarm-names.ts";
import { declarationHash } from "../config/description/declaration.ts";
import { registryHost, repositoryName } from "../config/names.ts";
import { currentAccount } from "./account.ts";
import { beginDeclaration, completeDeclaration } from "./declaration.ts";
import { EncryptionKey } from "./encryption-key.ts";
import { GithubRoles } from "./github/roles.ts";
import { type BaseImage, baseImage } from "./images/base-image.ts";
import { BuildCache } from "./images/build-cache.ts";
import { builtFirst } from "./images/builds.ts";
import { registryCredentials } from "./images/credentials.ts";
import { prepare } from "./images/prepare.ts";
import { ServiceImage } from "./images/service-image.ts";
import { Monitoring } from "./monitoring.ts";
import { Replication } from "./replication.ts";
import { ImageRepository } from "./repository.ts";
import { Scanning } from "./scanning.ts";
import { type StackOutputs, serviceOutput } from "./stack-outputs.ts";

/**
 * Declares everything of a stack.
 *
 * @param directory the project directory
 * @throws pulumi.RunError with all problems of the settings and the catalogue, before the first resource
 */
export async function declareStack(directory: string, stack: string): Promise<StackOutputs> {
  // Config: report all problems here, before the first resource.
  const description = await prepare(directory, stack);
  const { catalogue, settings, promotesFrom, builds, builder } = description;
  const { repositories } = settings;
  const declaration = await declarationHash(description, pulumi.getProject());
  await beginDeclaration(declaration);
  const account = currentAccount(settings);
  const name = stackResourceName(pulumi.getProject(), settings.stack);
  const tags = { ...settings.resourceTags, "slipway:stack": settings.stack };

  // Key: one for the alerts, and for the images when they are to be encrypted with a key of our own.
  const key = new EncryptionKey({ name, account, protect: repositories.protect, tags });
  const { encryption } = repositories;
  const imageKey = encryption.kind === "kms" ? (encryption.keyArn ?? key.arn) : undefined;

  // Images first, so that their builds begin while the rest of the stack is compared: each with its repository,
  // built where the builder is, pushed by digest, joined under the hash of its source.
  const registry = account.apply(({ id }) => registryHost(settings, id));
  const credentials = registryCredentials(registry);
  const cache = settings.cache.kind === "registry" ? new BuildCache({ settings, account }) : undefined;
  const caches = cache === undefined ? [] : [cache];
  const bases = new Map<string, BaseImage>(
    builds.map(({ service, sourceHash }) => {
      const url = registry.apply((host) => `${host}/${repositoryName(settings, service)}`);
      return [service.name, baseImage(url, sourceHash, undefined)];
    }),
  );
  const declared = builtFirst(builds).map(({ service, sourceHash, plan }) => {
    const repository = new ImageRepository({ service, settings, account, keyArn: imageKey });
    const image = new ServiceImage({
      service,
      sourceHash,
      plan,
      repositoryUrl: repository.url,
      cacheUrl: cache?.url,
      after: [repository, ...caches],
      builder,
      credentials,
      registry,
      labels: imageLabels(service, sourceHash, catalogue.source, settings.labels),
      bases,
    });
    if (plan.kind === "build") bases.set(service.name, baseImage(repository.url, sourceHash, image));
    return { service, repository, image };
  });

  // Scanning and replication: settings of the whole registry, for the one stack of an account that owns them.
  const names = builds.map(({ service }) => repositoryName(settings, service));
  const registryWide = [
    ...(settings.scanning.manageRegistry ? [new Scanning({ settings, account })] : []),
    ...(repositories.replication.length > 0
      ? [new Replication({ settings, account, repositories: names })]
      : []),
  ];

  // Alarms: what to be told of, by whom, and a dashboard that shows it.
  const monitoring = new Monitoring({
    name,
    services: catalogue.services,
    settings,
    account,
    keyArn: key.arn,
    tags,
  });

  // Roles: what GitHub's workflows may do here, without a stored key.
  const { github } = settings;
  const roles =
    github === undefined
      ? undefined
      : new GithubRoles({
          name,
          github,
          settings,
          services: catalogue.services,
          promotesFrom,
          account,
          tags,
        });

  const all = [key, ...declared.map(({ repository }) => repository), ...registryWide, monitoring, ...caches];
  completeDeclaration(declaration, roles === undefined ? all : [...all, roles]);

  return {
    services: pulumi.all(
      Object.fromEntries(
        declared.map(({ service, repository, image }) => [service.name, serviceOutput(repository, image)]),
      ),
    ),
    topicArn: monitoring.topicArn,
    keyArn: key.arn,
    alarmArns: monitoring.alarmArns,
    dashboard: monitoring.dashboardName,
    roleArns: roles?.arns ?? {},
  };
}
