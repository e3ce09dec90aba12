import { getAuthorizationToken } from "@pulumi/aws/ecr/getAuthorizationToken.js";
import { getCallerIdentity } from "@pulumi/aws/getCallerIdentity.js";
import * as pulumi from "@pulumi/pulumi";
import { builderName, ensureBuilder } from "../../builder/builder.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import type { StackDescription } from "../../config/description/description.ts";
import { type PromotionSource, promotionSources } from "../../config/description/promotion.ts";
import { registryHost, repositoryName, servicesVariable } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Settings } from "../../config/stack/settings.ts";
import { buildScope, hashSources, type Source } from "../../source/hash.ts";
import { type StagedContext, stageContext } from "../../source/stage.ts";
import { limitProblems } from "../limits/limits.ts";
import { readStack } from "../stack-settings.ts";
import { readBuildSecrets } from "./build-secrets.ts";
import { type RecordedImage, readRecordedImages } from "./recorded-images.ts";
import { findImages, type KnownImage } from "./registry-images.ts";

/** What this run does with a service's image. */
export type ImagePlan =
  | {
      /** The run builds it: the registry does not have it, or the command selects it. */
      readonly kind: "build";
      readonly staged: StagedContext;
      /** Secret id → value. */
      readonly secrets: Readonly<Record<string, string>>;
    }
  | {
      /** The registry has it, so nothing is built, regardless of the machine and stack that built it. */
      readonly kind: "found";
      readonly image: KnownImage;
      /** What Pulumi's state still manages of it. */
      readonly recorded: RecordedImage | undefined;
    }
  | {
      /** The command leaves it out. */
      readonly kind: "left";
      /**
       * The image of its source if the registry has it, otherwise the previous one; undefined if it was never
       * built.
       */
      readonly image: KnownImage | undefined;
    };

export interface PreparedBuild {
  readonly service: Service;
  readonly sourceHash: string;
  readonly plan: ImagePlan;
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
 * Does all that can fail before the first resource: reads and checks the settings and the catalogue, hashes
 * the sources, asks the registry for their images, stages the contexts of missing images, and creates the
 * builder if something is to be built.
 *
 * @throws pulumi.RunError, which the engine prints without a stack, with every problem that was found
 */
export async function prepare(directory: string, stack: string): Promise<Prepared> {
  try {
    const description = await readStack(directory, stack);
    const { catalogue, settings } = description;
    const promotesFrom = await promotionSources(directory, settings);
    const refused = limitProblems(description, pulumi.getProject(), promotesFrom);
    if (refused.length > 0) throw new UserError(refused);
    const sources = [...(await hashSources(directory, buildScope(description), catalogue.services)).values()];
    const decisions = await decide(settings, sources, process.env[servicesVariable]?.split(","));
    const toBuild = decisions.flatMap(({ source, decision }) =>
      decision === "build" ? [source.inputs.service] : [],
    );
    const secrets = readBuildSecrets(toBuild, process.env);
    const builds = await Promise.all(
      decisions.map(async ({ source, decision }) => {
        const { service } = source.inputs;
        const build = async (): Promise<ImagePlan> => ({
          kind: "build",
          staged: await stageContext(directory, source),
          secrets: secrets[service.name] ?? {},
        });
        const plan = decision === "build" ? await build() : decision;
        return { service, sourceHash: source.hash, plan };
      }),
    );
    if (toBuild.length > 0 && !pulumi.runtime.isDryRun()) await ensureBuilder(settings.builder, stack);
    return { ...description, builds, promotesFrom, builder: builderName(settings.builder, stack) };
  } catch (error) {
    if (error instanceof UserError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

type Decision = "build" | Exclude<ImagePlan, { kind: "build" }>;

/**
 * Decides for each image whether it is built. The registry is asked, not Pulumi's state: a deployment
 * that finds an image there does not start the engine, so that the state may be of another image.
 *
 * @param chosen names of the services that the command builds, which has asked the registry itself;
 *   undefined: whatever is missing is built
 */
async function decide(settings: Settings, sources: readonly Source[], chosen: readonly string[] | undefined) {
  const asked = sources.filter(({ inputs }) => chosen?.includes(inputs.service.name) !== true);
  const [found, recorded] = await Promise.all([
    findInRegistry(settings, asked),
    readRecordedImages(asked.map(({ inputs }) => inputs.service)),
  ]);
  const images = new Map(asked.map(({ inputs }, index) => [inputs.service.name, found[index]]));
  return sources.map((source) => {
    const { name } = source.inputs.service;
    const was = recorded.get(name);
    return { source, decision: decisionOn(name, chosen, images.get(name), was) };
  });
}

/** What is done about one image. */
export function decisionOn(
  service: string,
  chosen: readonly string[] | undefined,
  inRegistry: KnownImage | undefined,
  recorded: RecordedImage | undefined,
): Decision {
  if (chosen !== undefined) {
    if (chosen.includes(service)) return "build";
    return { kind: "left", image: inRegistry ?? recorded?.known };
  }
  return inRegistry === undefined ? "build" : { kind: "found", image: inRegistry, recorded };
}

async function findInRegistry(settings: Settings, sources: readonly Source[]) {
  if (sources.length === 0) return [];
  const [{ accountId }, token] = await Promise.all([getCallerIdentity(), getAuthorizationToken()]);
  const host = registryHost(settings, accountId);
  return findImages(
    { host, username: token.userName, password: token.password },
    sources.map(({ hash, inputs: { service } }) => ({
      repository: repositoryName(settings, service),
      sourceHash: hash,
      platforms: service.platforms,
    })),
  );
}
