import type { Service } from "../../config/catalogue/catalogue.ts";
import { neededBy } from "../../config/description/needs.ts";
import { repositoryName, sourceTag } from "../../config/names.ts";
import type { SourceDescription } from "../../source/describe.ts";
import { buildScope, hashSources, type Source } from "../../source/hash.ts";
import { warnOfPointers } from "../git/pointers.ts";
import { type Image, onlyPlatform } from "../registry/image.ts";
import { findImagesBySource } from "../registry/lookup.ts";
import type { Session } from "../session/session.ts";

/** A service, its source, and the registry's image of exactly that source. */
export interface ComparedService {
  readonly service: Service;
  readonly repository: string;
  readonly registry: string;
  readonly source: { readonly hash: string; readonly files: number; readonly bytes: number };
  /** The source that its build would read, file by file. */
  readonly description: SourceDescription;
  /** Undefined if the service needs a build. */
  readonly image: Image | undefined;
  /** Unselected services that must be built first, because this one is built from their images. */
  readonly missingBases: readonly string[];
  /** Whether it is built again although the registry has an image of its source: a base image has moved. */
  readonly rebuilt?: boolean;
}

/** Hashes the sources of the session's services, and of those that they are built from. */
export async function hashChosenSources(
  session: Pick<Session, "directory" | "catalogue" | "settings" | "services" | "signal" | "emit">,
): Promise<ReadonlyMap<string, Source>> {
  const { directory, services, signal, emit } = session;
  const sources = await hashSources(directory, buildScope(session), services, {
    signal,
    progress: (files) =>
      emit({ kind: "step-progress", id: "compare", message: `${files.toLocaleString("en")} files so far` }),
  });
  warnOfPointers(directory, sources, emit);
  return sources;
}

/**
 * Decides which services need a build: hashes each source, and looks for an image of that hash in the
 * registry, whichever machine built it.
 *
 * @param hashed the sources, if already hashed
 * @param rebuild names of services to build again even so
 */
export async function compareWithRegistry(
  session: Session,
  hashed?: ReadonlyMap<string, Source>,
  rebuild: ReadonlySet<string> = new Set(),
): Promise<readonly ComparedService[]> {
  const { settings, registry, clients, signal, services } = session;
  const sources = hashed ?? (await hashChosenSources(session));
  const compared = [...sources.values()].map(({ inputs: { service }, hash, files, bytes, description }) => ({
    service,
    source: { hash, files, bytes },
    description,
    registry,
    repository: repositoryName(settings, service),
  }));
  const images = await findImagesBySource(
    clients,
    compared.map(({ service, repository, source }) => ({
      service: service.name,
      repository,
      registry,
      sourceHash: source.hash,
      ...onlyPlatform(service.platforms),
    })),
    signal,
  );
  const found = new Map(
    compared.map((one, index) => {
      const rebuilt = rebuild.has(one.service.name);
      return [one.service.name, { ...one, rebuilt, image: rebuilt ? undefined : images[index] }];
    }),
  );
  const missing = (service: Service): string[] =>
    neededBy(service).flatMap((name) => {
      const base = found.get(name);
      return base === undefined || base.image !== undefined ? [] : [...missing(base.service), name];
    });
  return services.flatMap(({ name }) => {
    const one = found.get(name);
    return one === undefined ? [] : [{ ...one, missingBases: [...new Set(missing(one.service))] }];
  });
}

/** Why a service needs a build: `src-<hash> is not in the registry`. */
export function reasonToBuild({ source, rebuilt }: ComparedService): string {
  if (rebuilt) return "a base image has moved since its build";
  return `${sourceTag(source.hash)} is not in the registry`;
}
