import pMap from "p-map";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import { type Image, onlyPlatform } from "../registry/image.ts";
import { describeImage } from "../registry/lookup.ts";
import type { Session } from "../session/session.ts";

/** An image of a service. */
export interface NamedImage {
  readonly service: Service;
  readonly image: Image;
}

/**
 * The image that `--image` names, of each of the session's services that has it.
 *
 * @param wanted a tag or a digest
 * @throws UserError `unknown-image` when no service has it
 */
export async function namedImages(session: Session, wanted: string): Promise<readonly NamedImage[]> {
  const { services, settings } = session;
  const found = await pMap(
    services,
    async (service) => ({ service, image: await imageNamed(session, service, wanted) }),
    { concurrency: 8 },
  );
  const named = found.flatMap(({ service, image }) => (image === undefined ? [] : [{ service, image }]));
  if (named.length > 0) return named;
  throw new UserError({
    code: "unknown-image",
    where: "--image",
    value: wanted,
    message: `no repository of ${settings.stack} has this image: ${services.map((service) => repositoryName(settings, service)).join(", ")}`,
    fix: "give a tag or a digest that slipway images shows",
  });
}

/** An image of a service's repository, by digest or tag. */
export function imageNamed(
  { clients, settings, registry, signal }: Session,
  service: Service,
  wanted: string,
): Promise<Image | undefined> {
  const repository = repositoryName(settings, service);
  const location = { service: service.name, repository, registry, ...onlyPlatform(service.platforms) };
  const id = wanted.startsWith("sha256:") ? { imageDigest: wanted } : { imageTag: wanted };
  return describeImage(clients, location, id, signal);
}
