import pMap from "p-map";
import type { Service } from "../../config/catalogue.ts";
import { repositoryName, sourceTag } from "../../config/names.ts";
import { hashSource } from "../../source/hash.ts";
import type { Image } from "../registry/image.ts";
import { findImagesBySource } from "../registry/lookup.ts";
import type { Session } from "./session.ts";

/** A service, what its build would read, and the image that the registry has of just that. */
export interface ComparedService {
  readonly service: Service;
  readonly repository: string;
  readonly registry: string;
  readonly source: { readonly hash: string; readonly files: number; readonly bytes: number };
  /** Undefined: it has to be built. */
  readonly image: Image | undefined;
}

/**
 * Decides what has to be built: hashes what each build reads, and asks the registry for an image of
 * that hash, by whatever machine it was built.
 */
export async function compareWithRegistry(session: Session): Promise<readonly ComparedService[]> {
  const { directory, settings, registry, clients, signal, services } = session;
  const sources = await pMap(
    services,
    async (service) => {
      const { hash, files, bytes } = await hashSource(directory, service, settings.baseImages, signal);
      return { hash, files, bytes };
    },
    { concurrency: 8, signal },
  );
  const compared = services.map((service, index) => {
    const source = sources[index];
    if (source === undefined) throw new Error(`no source was hashed for ${service.name}`);
    return { service, source, registry, repository: repositoryName(settings, service) };
  });
  const images = await findImagesBySource(
    clients,
    compared.map(({ service, repository, source }) => ({
      service: service.name,
      repository,
      registry,
      sourceHash: source.hash,
      ...(service.platforms.length === 1 && { platform: service.platforms[0] as string }),
    })),
    signal,
  );
  return compared.map((one, index) => ({ ...one, image: images[index] }));
}

/** Why a service is built: `src-<hash> is not in the registry`. Pure. */
export function reasonToBuild({ source }: ComparedService): string {
  return `${sourceTag(source.hash)} is not in the registry`;
}
