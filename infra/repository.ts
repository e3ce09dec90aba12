import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
// Registers the resource types, so that awsx can hand its repository over as a resource.
import "@pulumi/aws/ecr/index.js";
import { RepositoryPolicy } from "@pulumi/aws/ecr/repositoryPolicy.js";
import { Repository } from "@pulumi/awsx/ecr/repository.js";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../config/catalogue/catalogue.ts";
import { ownMovingTags, registryHost, repositoryName } from "../config/names.ts";
import type { Settings } from "../config/settings.ts";
import { targetsOfKind } from "../config/targets/kinds.ts";
import { compileRetention } from "../lifecycle/retention/compile.ts";
import type { Account } from "./account.ts";
import { policyDocument, type Statement } from "./policy-document.ts";
import { tagMutability } from "./tag-mutability.ts";
import { targetInfrastructure } from "./targets/kinds.ts";

export interface ImageRepositoryArgs {
  readonly service: Service;
  readonly settings: Settings;
  readonly account: pulumi.Output<Account>;
  /** The key for images at rest; undefined for AES256 with a key that AWS owns. */
  readonly keyArn: pulumi.Input<string> | undefined;
}

/**
 * A service's repository: with its lifecycle policy, and with a repository policy when somebody else
 * than the account pulls (named principals, or Lambda).
 *
 * Costs what is stored: about $0.10 per GB and month, nothing when empty; with a key of one's own
 * also KMS requests ($0.03 per 10,000).
 */
export class ImageRepository extends pulumi.ComponentResource {
  /** Known before the repository exists. */
  readonly repositoryName: string;
  readonly arn: pulumi.Output<string>;
  /** `<registry>/<name>`, computed, so that it is known before the repository exists. */
  readonly url: pulumi.Output<string>;

  constructor(args: ImageRepositoryArgs, options: pulumi.ComponentResourceOptions = {}) {
    const { service, settings, account } = args;
    const { repositories } = settings;
    super(
      "slipway:index:ImageRepository",
      service.name,
      {},
      {
        ...options,
        // Inherited by everything inside, awsx's part included.
        ...(repositories.protect && { protect: true, retainOnDelete: true }),
      },
    );

    const name = repositoryName(settings, service);
    const repository = new Repository(
      service.name,
      {
        name,
        ...tagMutability(repositories.tagMutability, [...ownMovingTags, ...repositories.movingTags]),
        encryptionConfigurations: [
          args.keyArn === undefined
            ? { encryptionType: "AES256" }
            : { encryptionType: "KMS", kmsKey: args.keyArn },
        ],
        // With enhanced scanning the registry decides, and the repository's own switch must be off.
        imageScanningConfiguration: {
          scanOnPush: settings.scanning.mode === "basic" && repositories.scanOnPush,
        },
        forceDelete: repositories.forceDelete,
        lifecyclePolicy: { skip: true },
        tags: { ...settings.resourceTags, "slipway:service": service.name },
      },
      { parent: this },
    ).repository;

    new LifecyclePolicy(
      service.name,
      {
        repository: repository.name,
        policy: JSON.stringify(compileRetention(settings.retention, 1 + service.platforms.length)),
      },
      { parent: this, ...replacedInPlace },
    );

    const pulls = pullStatements(repositories.pullPrincipals, service);
    if (pulls.length > 0) {
      new RepositoryPolicy(
        service.name,
        {
          repository: repository.name,
          policy: account.apply((own) => policyDocument(pulls.map((statement) => statement(own)))),
        },
        { parent: this },
      );
    }

    this.repositoryName = name;
    this.arn = repository.arn;
    this.url = account.apply(({ id }) => `${registryHost(settings, id)}/${name}`);
    this.registerOutputs({ name, arn: this.arn, url: this.url });
  }
}

/**
 * Options of a lifecycle policy. AWS's provider replaces a changed one, which it could not do with a protected one.
 * A repository has one policy: to put the new one overwrites the old one, and to delete the old one afterwards would
 * delete the new one. So the replaced one goes first, and from the state only: the repository always has a policy.
 */
export const replacedInPlace = {
  protect: false,
  deleteBeforeReplace: true,
  retainOnDelete: true,
} as const satisfies pulumi.CustomResourceOptions;

/** Grants pulling to the named principals, and to AWS services that pull for what runs the image. */
export function pullStatements(
  principals: readonly string[],
  service: Pick<Service, "targets">,
): ((account: Account) => Statement)[] {
  const named: Statement = {
    sid: "Pull",
    principals: { arns: principals },
    actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
  };
  return [
    ...(principals.length === 0 ? [] : [() => named]),
    ...targetInfrastructure.flatMap((kind) => kind.pullStatements(targetsOfKind(kind, [service]))),
  ];
}
