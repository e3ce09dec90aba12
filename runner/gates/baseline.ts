import type { Service } from "../../config/catalogue/catalogue.ts";
import type { Clients } from "../aws/clients.ts";
import { hasCode } from "../aws/errors.ts";
import { imageChange, plansOf } from "../history/targets.ts";
import { type Image, onlyPlatform } from "../registry/image.ts";
import { describeImage } from "../registry/lookup.ts";
import { isMove, servicesOf, type TargetPlan } from "../targets/target.ts";

/** The repository from which a promotion has yet to copy an image and its evidence, and the clients that read it. */
export interface CopiedFrom {
  /** Whether the image is in its own repository as well, from an earlier promotion. */
  readonly isCopied: boolean;
  readonly clients: Clients;
  /** Host (and port) of the registry. */
  readonly registry: string;
  readonly repository: string;
}

/** A service, the image that its targets are to run, and their plans. */
export interface ServiceToAsk {
  readonly service: Service;
  readonly image: Image;
  readonly targets: readonly TargetPlan[];
  /** Only in foretelling: a run asks when image and evidence are in the image's own repository. */
  readonly copiedFrom?: CopiedFrom | undefined;
}

/** The services whose images a run moves targets to: their own targets, or those that have them as a sidecar. */
export function movedServices<
  S extends { readonly service: Service; readonly targets: readonly TargetPlan[] },
>(services: readonly S[]): readonly S[] {
  const moving = services.flatMap(({ targets }) => targets.filter(isMove));
  const moved = new Set(moving.flatMap(servicesOf));
  return services.filter(({ service }) => moved.has(service.name));
}

/** What a run moves of one service, platform by platform. */
export interface Replaced {
  /** Platforms of the image that targets are moved to. */
  readonly platforms: readonly string[];
  /** Platform → digest that each of these targets runs there now; undefined where it runs nothing of ours. */
  readonly running: Readonly<Record<string, readonly (string | undefined)[]>>;
}

/**
 * What the targets that are moved run now, by platform. A target that runs one platform's manifest (a
 * function) is compared on that platform only; one that runs an index on each of its platforms.
 *
 * @param all the services of the run: others may have this one as a sidecar
 */
export async function readReplaced(
  clients: Clients,
  one: ServiceToAsk,
  all: readonly ServiceToAsk[],
  signal: AbortSignal,
): Promise<Replaced> {
  const { service, image } = one;
  const moves = plansOf(one, all).filter(isMove);
  const changes = moves.flatMap((plan) => imageChange(plan, service.name) ?? []);
  const read = new Map<string, Promise<Image | undefined>>();
  const before = (reference: string | undefined) => {
    const key = reference ?? "";
    const found = read.get(key) ?? readRunning(clients, one, reference, signal);
    read.set(key, found);
    return found;
  };
  const perTarget = await Promise.all(
    changes.map(async (change) => ({
      platforms: platformsOf(image, change.after),
      runs: await before(change.before),
    })),
  );
  const platforms = Object.keys(image.manifests).filter((platform) =>
    perTarget.some((target) => target.platforms.includes(platform)),
  );
  const running = platforms.map((platform) => [
    platform,
    perTarget
      .filter((target) => target.platforms.includes(platform))
      .map(({ runs }) => runs?.manifests[platform]),
  ]);
  return { platforms, running: Object.fromEntries(running) };
}

/** Platforms of an image that a reference stands for: one for a manifest, all for the index. */
function platformsOf({ digest, manifests }: Image, reference: string): readonly string[] {
  const all = Object.keys(manifests);
  const wanted = reference.split("@")[1];
  if (wanted === undefined || wanted === digest) return all;
  const one = all.filter((platform) => manifests[platform] === wanted);
  return one.length > 0 ? one : all;
}

/** The image that a target runs; undefined when it is none of the service's repository, or can't be read. */
async function readRunning(
  clients: Clients,
  { service, image }: ServiceToAsk,
  reference: string | undefined,
  signal: AbortSignal,
): Promise<Image | undefined> {
  const [, name = "", tag, digest] =
    /^[^/]+\/([^@]+?)(?::([^/:@]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(reference ?? "") ?? [];
  if (name !== image.repository) return undefined;
  const { repository, registry } = image;
  const location = { service: service.name, repository, registry, ...onlyPlatform(service.platforms) };
  const id = digest === undefined ? { imageTag: tag ?? "latest" } : { imageDigest: digest };
  try {
    return await describeImage(clients, location, id, signal);
  } catch (error) {
    // It runs, but nothing can be read of it: there is nothing to compare with.
    if (hasCode(error, "image-archived", "image-unavailable", "not-an-image", "platform-unknown"))
      return undefined;
    throw error;
  }
}
