import pMap from "p-map";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../../config/names.ts";
import { namedImages } from "../../history/named-images.ts";
import type { Image } from "../../registry/image.ts";
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
  if (wanted !== undefined) return namedImages(session, wanted);
  return pMap(
    session.services,
    async (service): Promise<ImageToVerify> => ({ service, image: await newestOf(session, service) }),
    { concurrency: 8 },
  );
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
