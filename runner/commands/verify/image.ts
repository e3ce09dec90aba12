import pMap from "p-map";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../../config/names.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { type Image, onlyPlatform } from "../../registry/image.ts";
import { describeImage } from "../../registry/lookup.ts";
import { readNewestRecord } from "../../release/store.ts";
import type { Session } from "../../session/session.ts";

/** A service, and the image of it that is checked. */
export interface ImageToVerify {
  readonly service: Service;
  /** Undefined when the stack has no release of the service. */
  readonly image: Image | undefined;
}

/**
 * The images to check: those of the newest releases, or the one of a tag or digest, of the services that have it.
 *
 * @throws UserError `unknown-image` when no service has the one that is named
 */
export async function imagesToVerify(
  session: Session,
  wanted: string | undefined,
): Promise<readonly ImageToVerify[]> {
  const { services, settings } = session;
  const found = await pMap(
    services,
    async (service): Promise<ImageToVerify> => ({
      service,
      image: await (wanted === undefined ? newestOf(session, service) : imageNamed(session, service, wanted)),
    }),
    { concurrency: 8 },
  );
  if (wanted === undefined) return found;
  const named = found.filter(({ image }) => image !== undefined);
  if (named.length > 0) return named;
  throw new UserError({
    code: "unknown-image",
    where: "--image",
    value: wanted,
    message: `no repository of ${settings.stack} has this image: ${services.map((service) => repositoryName(settings, service)).join(", ")}`,
    fix: "give a tag or a digest that slipway images shows",
  });
}

async function newestOf(
  { clients, settings, registry, signal }: Session,
  service: Service,
): Promise<Image | undefined> {
  const repository = repositoryName(settings, service);
  const newest = await readNewestRecord(clients, repository, settings.stack, signal);
  if (newest === undefined) return undefined;
  const { digest, manifests } = newest.record.image;
  return { service: service.name, repository, registry, digest, manifests };
}

function imageNamed(
  { clients, settings, registry, signal }: Session,
  service: Service,
  wanted: string,
): Promise<Image | undefined> {
  const repository = repositoryName(settings, service);
  const location = { service: service.name, repository, registry, ...onlyPlatform(service.platforms) };
  const id = wanted.startsWith("sha256:") ? { imageDigest: wanted } : { imageTag: wanted };
  return describeImage(clients, location, id, signal);
}
