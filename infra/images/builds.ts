import * as pulumi from "@pulumi/pulumi";
import { builderName, ensureBuilder } from "../../builder/builder.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import type { StackDescription } from "../../config/description/description.ts";
import { type PromotionSource, promotionSources } from "../../config/description/promotion.ts";
import { servicesVariable } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import { hashSources } from "../../source/hash.ts";
import { type StagedContext, stageContext } from "../../source/stage.ts";
import { readStack } from "../stack-settings.ts";
import { readBuildSecrets } from "./build-secrets.ts";

/** Everything that a build needs beside what AWS knows. */
export interface PreparedBuild {
  readonly service: Service;
  readonly sourceHash: string;
  readonly staged: StagedContext;
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether this run may build it; the engine leaves the images of all others as they are. */
  readonly chosen: boolean;
}

export interface Prepared extends StackDescription {
  /** In an order in which they can be built: each after what it needs. */
  readonly builds: readonly PreparedBuild[];
  /** The stacks that `slipway:github.promotesFrom` names. */
  readonly promotesFrom: readonly PromotionSource[];
  /** Name of the buildx builder; undefined: the machine's current one. */
  readonly builder: string | undefined;
}

/**
 * All that can go wrong without AWS, before the first resource: reads and checks the settings and the
 * catalogue, hashes and stages what the builds read, and makes the builder when something is to be
 * built.
 *
 * @throws pulumi.RunError, which the engine prints without a stack, with every problem that was found
 */
export async function prepare(directory: string, stack: string): Promise<Prepared> {
  try {
    const description = await readStack(directory, stack);
    const { catalogue, settings } = description;
    const promotesFrom = await promotionSources(directory, settings);
    const secrets = readBuildSecrets(catalogue.services, process.env);
    const described = { services: catalogue.services, baseImages: settings.baseImages };
    const sources = await hashSources(directory, described, catalogue.services);
    const chosen = process.env[servicesVariable]?.split(",");
    const builds = await Promise.all(
      [...sources.values()].map(async (source) => {
        const { service } = source.inputs;
        return {
          service,
          sourceHash: source.hash,
          staged: await stageContext(directory, source),
          secrets: secrets[service.name] ?? {},
          chosen: chosen?.includes(service.name) ?? true,
        };
      }),
    );
    if (!pulumi.runtime.isDryRun()) await ensureBuilder(settings.builder, stack);
    return { ...description, builds, promotesFrom, builder: builderName(settings.builder, stack) };
  } catch (error) {
    if (error instanceof UserError) throw new pulumi.RunError(error.message);
    throw error;
  }
}
