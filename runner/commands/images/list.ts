import pMap from "p-map";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../../config/names.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import { hasCode } from "../../aws/errors.ts";
import type { Coverage } from "../../in-use/blind-spots.ts";
import {
  inUseSet,
  readAccountUses,
  readReleaseUses,
  registriesOf,
  runningDigests,
} from "../../in-use/read.ts";
import { type ArchivedEntry, type Contents, type Entry, readContents } from "../../registry/contents.ts";
import { parseReference } from "../../registry/reference.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import type { ImageUse } from "../../targets/image-use.ts";
import { describeRepository, type RepositoryArtifact, type RepositoryImage } from "./describe.ts";

/** `slipway images`. */
export interface ImagesDocument {
  readonly version: 1;
  readonly kind: "images";
  readonly stack: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly repositories: readonly RepositoryDocument[];
  /** With `--in-use`: what was looked at to find what needs the images, and what was not. */
  readonly coverage?: Coverage;
}

export interface RepositoryDocument {
  readonly service: string;
  readonly repository: string;
  /** False if the repository does not exist yet, because nothing was deployed. */
  readonly exists: boolean;
  /** Newest first, up to the limit. */
  readonly images: readonly RepositoryImage[];
  /** Number of older images that are not listed. */
  readonly olderImages: number;
  readonly artifacts: readonly RepositoryArtifact[];
  /**
   * Manifests in ECR's archive storage class, including platforms of images; nothing can pull them until they
   * are restored.
   */
  readonly archived: readonly ArchivedEntry[];
  /** Size of the distinct blobs of all images, listed or not. */
  readonly bytes: number;
}

/**
 * The content of the selected services' repositories, and what uses it. Reads all of ECS and Lambda in the
 * account and region, including targets of other projects. Only reads.
 *
 * @param limit maximum number of images of each repository; 0: all
 * @param onlyInUse lists images that something needs, and looks for it wherever images may be in use
 */
export async function listImages(
  session: Session,
  limit: number,
  onlyInUse = false,
): Promise<ImagesDocument> {
  const { clients, signal, settings, services, timeline } = session;
  return timeline.run({ id: "images", title: "Read the repositories, and what runs" }, async () => {
    const reading = services.map((service) => ({
      service,
      repository: repositoryName(settings, service),
    }));
    const [contents, { uses: account, coverage }] = await Promise.all([
      pMap(reading, ({ repository }) => readContents(clients, repository, signal), {
        concurrency: 4,
        signal,
      }),
      onlyInUse ? wholeUses(session) : usesIfAllowed(session),
    ]);
    // Each repository looks at what runs its own images only.
    const uses = Map.groupBy(account, ({ reference }) => parseReference(reference)?.repository);
    const repositories = await pMap(
      reading,
      ({ service, repository }, index) =>
        describe(session, {
          service,
          repository,
          contents: contents[index],
          account: uses.get(repository) ?? [],
          limit,
          onlyInUse,
        }),
      { concurrency: 4, signal },
    );
    return {
      ...documentHead(session, "images"),
      repositories,
      ...(coverage !== undefined && { coverage }),
    };
  });
}

interface FoundUses {
  readonly uses: readonly ImageUse[];
  readonly coverage?: Coverage;
}

/** What needs images, wherever it may be. */
async function wholeUses(session: Session): Promise<FoundUses> {
  const [{ accountUsesIfAllowed }, { coverageOf }] = await Promise.all([
    import("../../in-use/needed.ts"),
    import("../../in-use/blind-spots.ts"),
  ]);
  const { settings, caller, services } = session;
  const account = await accountUsesIfAllowed(
    session,
    services.map((service) => repositoryName(settings, service)),
  );
  return { uses: account.uses, coverage: coverageOf(settings, caller.account, account) };
}

/** What runs in the account. If the credentials do not allow the search, nothing of it, with a notice. */
async function usesIfAllowed(session: Session): Promise<FoundUses> {
  try {
    const uses = await readAccountUses(session, (place) => {
      const message = `Could not read ${place}. "Kept for" says nothing of it`;
      session.emit({ kind: "notice", message });
    });
    return { uses };
  } catch (error) {
    if (!hasCode(error, "access-denied")) throw error;
    const message = `Could not read what runs in the account (${firstLine(error)}). "Kept for" lists only what releases and keep tags say`;
    session.emit({ kind: "notice", message });
    return { uses: [] };
  }
}

async function describe(
  session: Session,
  of: {
    readonly service: Service;
    readonly repository: string;
    readonly contents: Contents | undefined;
    /** What runs images of the repository. */
    readonly account: readonly ImageUse[];
    readonly limit: number;
    readonly onlyInUse: boolean;
  },
): Promise<RepositoryDocument> {
  const { service, repository, account, limit, onlyInUse } = of;
  const { entries: contents, archived } = of.contents ?? { entries: [], archived: [] };
  const { stack } = session.settings;
  const sources = { stack, repository, registries: registriesOf(session), account, contents };
  const releases = await readReleaseUses(session, repository, contents, runningDigests(sources));
  const [only, ...others] = service.platforms;
  const platform = others.length === 0 ? only : undefined;
  const found = describeRepository(contents, inUseSet({ ...sources, releases }), platform);
  const { artifacts } = found;
  const images = onlyInUse ? found.images.filter(({ uses }) => uses.length > 0) : found.images;
  const shown = limit === 0 ? images : images.slice(0, limit);
  return {
    service: service.name,
    repository,
    exists: of.contents !== undefined,
    images: shown,
    olderImages: images.length - shown.length,
    artifacts,
    archived,
    bytes: distinctBytes(contents),
  };
}

function distinctBytes(entries: readonly Entry[]): number {
  const blobs = new Map(
    entries.flatMap(({ content }) =>
      content.kind === "manifest" ? content.blobs.map(({ digest, bytes }) => [digest, bytes] as const) : [],
    ),
  );
  return [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0);
}
