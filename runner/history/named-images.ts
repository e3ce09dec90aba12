import pMap from "p-map";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Clients } from "../aws/clients.ts";
import { listDetails } from "../registry/contents.ts";
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
 * @param wanted a tag or a digest; a digest may be cut as tables show it
 * @throws UserError `unknown-image` when no service has it, or a cut digest is that of several images
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

/** An image of a service's repository, by tag, or by a digest that may be cut. */
export async function imageNamed(
  { clients, settings, registry, signal }: Session,
  service: Service,
  wanted: string,
): Promise<Image | undefined> {
  const repository = repositoryName(settings, service);
  const location = { service: service.name, repository, registry, ...onlyPlatform(service.platforms) };
  if (/^[\w][\w.-]*$/.test(wanted)) return describeImage(clients, location, { imageTag: wanted }, signal);
  // ECR refuses what has another form, instead of not finding it.
  if (!/^sha256:[0-9a-f]{6,64}$/.test(wanted)) return undefined;
  const imageDigest =
    wanted.length === wholeLength ? wanted : await wholeDigest(clients, repository, wanted, signal);
  return imageDigest === undefined ? undefined : describeImage(clients, location, { imageDigest }, signal);
}

/** Characters of a whole digest: `sha256:` and 64 hexadecimal digits. */
const wholeLength = 71;

/** The digest of a repository that begins like this. @throws UserError `unknown-image` when there are several */
async function wholeDigest(
  clients: Clients,
  repository: string,
  beginning: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const details = (await listDetails(clients, repository, signal)) ?? [];
  const found = details.flatMap(({ imageDigest = "" }) =>
    imageDigest.startsWith(beginning) ? [imageDigest] : [],
  );
  if (found.length < 2) return found[0];
  throw new UserError({
    code: "unknown-image",
    where: "--image",
    value: beginning,
    message: `${repository} has several images whose digest begins like this: ${found.join(", ")}`,
    fix: "give a whole digest, or a tag",
  });
}
