import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import { Repository } from "@pulumi/awsx/ecr/repository.js";
import * as pulumi from "@pulumi/pulumi";
import { cacheRepositoryName, registryHost } from "../../config/names.ts";
import type { Settings } from "../../config/settings.ts";
import type { Account } from "../account.ts";
import { replacedInPlace } from "../repository.ts";

export interface BuildCacheArgs {
  readonly settings: Settings;
  readonly account: pulumi.Output<Account>;
}

/** Pulumi name of the cache's resources. */
const resourceName = "build-cache";

/**
 * A repository for BuildKit's cache, with one tag for each service and platform. It is separate from the
 * images, because a cache tag moves with every build and its content need not be kept.
 *
 * Costs what is stored, about as much as one image of each service and platform; what a newer build
 * replaced goes after a day.
 */
export class BuildCache extends pulumi.ComponentResource {
  /** `<registry>/<name>`, computed, so that it is known before the repository exists. */
  readonly url: pulumi.Output<string>;

  constructor({ settings, account }: BuildCacheArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:BuildCache", resourceName, {}, options);
    const name = cacheRepositoryName(settings);
    const repository = new Repository(
      resourceName,
      {
        name,
        imageTagMutability: "MUTABLE",
        imageScanningConfiguration: { scanOnPush: false },
        forceDelete: true,
        lifecyclePolicy: { skip: true },
        tags: settings.resourceTags,
      },
      { parent: this },
    ).repository;
    new LifecyclePolicy(
      resourceName,
      {
        repository: repository.name,
        policy: JSON.stringify({
          rules: [
            {
              rulePriority: 1,
              description: "Expire caches that a newer build has replaced",
              selection: {
                tagStatus: "untagged",
                countType: "sinceImagePushed",
                countUnit: "days",
                countNumber: 1,
              },
              action: { type: "expire" },
            },
          ],
        }),
      },
      { parent: this, ...replacedInPlace },
    );
    this.url = account.apply(({ id }) => `${registryHost(settings, id)}/${name}`);
    this.registerOutputs({ url: this.url });
  }
}
