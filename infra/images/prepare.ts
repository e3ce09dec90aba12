import { getAuthorizationToken } from "@pulumi/aws/ecr/getAuthorizationToken.js";
import { getCallerIdentity } from "@pulumi/aws/getCallerIdentity.js";
import * as pulumi from "@pulumi/pulumi";
import { builderName } from "../../builder/builder.ts";
import type { StackDescription } from "../../config/description/description.ts";
import { type PromotionSource, promotionSources } from "../../config/description/promotion.ts";
import { registryHost, repositoryName } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Settings } from "../../config/settings.ts";
import { buildScope, hashSources, type Source } from "../../source/hash.ts";
import { limitProblems } from "../limits/limits.ts";
import { readStack } from "../stack-settings.ts";
import {
  chosenServices,
  type DecidedSource,
  type Decision,
  type PreparedBuild,
  prepareBuilds,
  withPlainErrors,
} from "./builds.ts";
import { checkPolicies } from "./lifecycle-guard.ts";
import { type Recorded, type RecordedImage, readRecorded } from "./recorded-images.ts";
import { findImages, type KnownImage } from "./registry-images.ts";

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
 * the sources, asks the registry for their images, checks changed lifecycle policies, stages the contexts of missing images, and creates the
 * builder if something is to be built.
 *
 * @throws pulumi.RunError, which the engine prints without a stack, with every problem that was found
 */
export function prepare(directory: string, stack: string): Promise<Prepared> {
  return withPlainErrors(async () => {
    const description = await readStack(directory, stack);
    const { catalogue, settings } = description;
    const promotesFrom = await promotionSources(directory, settings);
    const refused = limitProblems(description, pulumi.getProject(), promotesFrom);
    if (refused.length > 0) throw new UserError(refused);
    const sources = [...(await hashSources(directory, buildScope(description), catalogue.services)).values()];
    const { decided, policies } = await decide(settings, sources, chosenServices());
    await checkPolicies(description, policies);
    const builds = await prepareBuilds(description, decided);
    return { ...description, builds, promotesFrom, builder: builderName(settings.builder, stack) };
  });
}

/**
 * Decides for each image whether it is built. The registry is asked, not Pulumi's state: a deployment
 * that finds an image there does not start the engine, so that the state may be of another image.
 *
 * @param chosen names of the services that the command builds, which has asked the registry itself;
 *   undefined: whatever is missing is built
 */
async function decide(
  settings: Settings,
  sources: readonly Source[],
  chosen: readonly string[] | undefined,
): Promise<{ readonly decided: readonly DecidedSource[]; readonly policies: Recorded["policies"] }> {
  const asked = sources.filter(({ inputs }) => chosen?.includes(inputs.service.name) !== true);
  const [found, recorded] = await Promise.all([
    findInRegistry(settings, asked),
    readRecorded(asked.map(({ inputs }) => inputs.service)),
  ]);
  const images = new Map(asked.map(({ inputs }, index) => [inputs.service.name, found[index]]));
  const decided = sources.map((source) => {
    const { name } = source.inputs.service;
    const was = recorded.images.get(name);
    return { source, decision: decisionOn(name, chosen, images.get(name), was) };
  });
  return { decided, policies: recorded.policies };
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
