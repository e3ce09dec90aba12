import pMap from "p-map";
import { serviceNamed } from "../../../config/catalogue/by-name.ts";
import type { Catalogue } from "../../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../../config/names.ts";
import { isAbort } from "../../../config/problems/abort.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { Settings } from "../../../config/settings.ts";
import type { Clients } from "../../aws/clients.ts";
import { digestsOfBases } from "../../bases/base-images.ts";
import { type PlatformOfBase, readBase } from "../../bases/manifest.ts";
import { isFromNothing, type RecordedBase, recordedBases } from "../../bases/recorded.ts";
import { type KeptSource, readSource } from "../../bases/source-record.ts";
import { type ImageContent, readContent } from "../../registry/configuration.ts";
import { connectToRegistry } from "../../registry/connection.ts";
import { type Image, onlyPlatform } from "../../registry/image.ts";
import { findImageBySource } from "../../registry/lookup.ts";
import { type Finding, type PlatformScan, type Scanned, type ScanResult, unlessStale } from "../finding.ts";
import type { ScanLimits } from "../scan.ts";
import {
  baseOfLayers,
  countFixed,
  type LayerFacts,
  needsBaseFindings,
  type Origin,
  originOf,
  type Rebuild,
} from "./origin.ts";

/** What telling whose findings are needs of a session. */
export interface OriginSession {
  readonly clients: Clients;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  /** Host (and port) of the stack's registry. */
  readonly registry: string;
  readonly signal: AbortSignal;
}

/** Whose the findings of one platform's image are. */
export interface PlatformOrigins {
  readonly origins: ReadonlyMap<Finding, Origin>;
  /** The base image, when it is known. */
  readonly base?: RecordedBase;
  /** What a build on its newest image would change; absent when there is no newer one. */
  readonly rebuild?: Rebuild;
  /** Why the base image is not known. */
  readonly reason?: string;
}

/** Tells whose the findings of images are; what it has read of a base image serves all of them. */
export type OriginReader = (
  image: Image,
  scans: readonly PlatformScan[],
) => Promise<ReadonlyMap<string, PlatformOrigins>>;

/**
 * Opens a reader of origins. It reads what the build recorded, the layers of image and base image from their
 * registries, and what the base image's tag stands for now.
 *
 * @param limits who scans base images: a scanner of this machine; undefined: nobody
 * @returns a reader that fails for nothing but an interruption: what can't be read is unknown
 */
export function openOrigins(session: OriginSession, limits: ScanLimits | undefined): OriginReader {
  const { signal } = session;
  const bases = remembered((base: RecordedBase, platform: string) => readBase(session, base, platform));
  const newest = remembered(async ({ reference }: RecordedBase) => {
    const found = await digestsOfBases({ base: reference }, session);
    return found.base;
  });
  const scans = remembered((base: RecordedBase, platform: string) =>
    bases(base, platform).then((found) => scanBase(session, found, limits)),
  );
  const reading: Reading = { session, bases, newest, scans };
  return async (image, scanned) => {
    const told = scanned.flatMap(({ platform, result }) =>
      result.state === "scanned" && result.findings.length > 0 ? [{ platform, result }] : [],
    );
    if (told.length === 0) return new Map();
    try {
      const kept = await readSource(session.clients, image.repository, image.digest, signal);
      const entries = await pMap(
        told,
        async (one) => [one.platform, await assign(reading, image, kept, one)] as const,
        { concurrency: 4, signal },
      );
      return new Map(entries);
    } catch (error) {
      signal.throwIfAborted();
      if (isAbort(error)) throw error;
      const reason = firstLine(error);
      return new Map(told.map(({ platform, result }) => [platform, unknownOrigins(result, reason)]));
    }
  };
}

interface Reading {
  readonly session: OriginSession;
  readonly bases: (base: RecordedBase, platform: string) => Promise<PlatformOfBase | undefined>;
  readonly newest: (base: RecordedBase, platform: string) => Promise<string | undefined>;
  readonly scans: (base: RecordedBase, platform: string) => Promise<ScanResult>;
}

/** Calls a function once for each base image and platform. */
function remembered<T>(read: (base: RecordedBase, platform: string) => Promise<T>): typeof read {
  const known = new Map<string, Promise<T>>();
  return (base, platform) => {
    const key = `${base.reference}@${base.digest} ${platform}`;
    const found = known.get(key) ?? read(base, platform);
    known.set(key, found);
    return found;
  };
}

interface Told {
  readonly platform: string;
  readonly result: Scanned;
}

async function assign(
  reading: Reading,
  image: Image,
  kept: KeptSource | undefined,
  told: Told,
): Promise<PlatformOrigins> {
  const { platform, result } = told;
  if (kept === undefined) return unknownOrigins(result, "its build recorded no base images");
  const content = await contentOf(reading.session, image, platform);
  if (content === undefined) return unknownOrigins(result, "its layers can't be read");
  const { layers } = content;
  if (isFromNothing(kept)) return { origins: originsOf(result, { layers, base: "none" }) };
  const candidates = await candidatesOf(reading, kept, platform);
  const found = baseOfLayers(layers, candidates);
  if (found === undefined) {
    const reason =
      candidates.length === 0
        ? "no registry gave the layers of its base images"
        : "its layers begin with those of no base image that its build recorded";
    return unknownOrigins(result, reason);
  }
  const { reference, digest, moves } = found;
  const base: RecordedBase = { reference, digest, moves };
  const facts: LayerFacts = { layers, base: found };
  const scan = needsBaseFindings(result.findings, facts) ? await reading.scans(base, platform) : undefined;
  const inBase = scan?.state === "scanned" ? { inBase: scan.findings } : {};
  const origins = originsOf(result, { ...facts, ...inBase });
  const rebuild = await rebuildOn(reading, base, platform, origins);
  return { origins, base, ...(rebuild === undefined ? {} : { rebuild }) };
}

function unknownOrigins({ findings }: Scanned, reason: string): PlatformOrigins {
  return { origins: new Map(findings.map((finding) => [finding, "unknown"])), reason };
}

function originsOf({ findings }: Scanned, facts: LayerFacts): ReadonlyMap<Finding, Origin> {
  return new Map(findings.map((finding) => [finding, originOf(finding, facts)]));
}

function contentOf(
  { clients, registry, signal }: OriginSession,
  { repository, manifests, digest }: Image,
  platform: string,
): Promise<ImageContent | undefined> {
  const connection = connectToRegistry(clients, registry, signal);
  return readContent(clients, connection, repository, manifests[platform] ?? digest);
}

/** The layers of everything that the build may have begun with: base images, and images of other services. */
async function candidatesOf({ session, bases }: Reading, kept: KeptSource, platform: string) {
  const recorded = [...recordedBases(kept, session.registry), ...(await neededImages(session, kept))];
  const read = await pMap(recorded, async (base) => {
    const found = await bases(base, platform).catch(() => undefined);
    session.signal.throwIfAborted();
    return found === undefined ? [] : [{ ...base, layers: found.layers }];
  });
  return read.flat();
}

/** Images of other services that the build took something from, by their source hashes. */
async function neededImages(
  { clients, catalogue, settings, registry, signal }: OriginSession,
  { description }: KeptSource,
): Promise<readonly RecordedBase[]> {
  const found = await pMap(Object.values(description.needs), async ({ service: name, sourceHash }) => {
    const service = serviceNamed(catalogue.services, name);
    if (service === undefined) return [];
    const repository = repositoryName(settings, service);
    const { platform } = onlyPlatform(service.platforms);
    const looking = findImageBySource(clients, repository, registry, name, sourceHash, signal, platform);
    const image = await looking.catch(() => undefined);
    signal.throwIfAborted();
    const reference = `${registry}/${repository}`;
    return image === undefined ? [] : [{ reference, digest: image.digest, moves: false }];
  });
  return found.flat();
}

async function rebuildOn(
  { newest, scans }: Reading,
  base: RecordedBase,
  platform: string,
  origins: ReadonlyMap<Finding, Origin>,
): Promise<Rebuild | undefined> {
  const ofBase = [...origins].flatMap(([finding, origin]) => (origin === "base image" ? [finding] : []));
  if (ofBase.length === 0 || !base.moves) return undefined;
  const to = await newest(base, platform).catch(() => undefined);
  if (to === undefined || to === base.digest) return undefined;
  const { reference, digest: from } = base;
  const scan = await scans({ ...base, digest: to }, platform);
  return scan.state === "scanned"
    ? { reference, from, to, known: true, ...countFixed(ofBase, scan.findings) }
    : { reference, from, to, known: false, reason: scan.reason };
}

/** What a scanner of this machine finds in a base image. One of another registry than the stack's gets no credential. */
async function scanBase(
  { clients, registry, signal }: OriginSession,
  base: PlatformOfBase | undefined,
  limits: ScanLimits | undefined,
): Promise<ScanResult> {
  const unknown = (status: string, reason: string): ScanResult => ({ state: "unknown", status, reason });
  if (limits === undefined || limits.source === "ecr") {
    return unknown(
      "NOT_SCANNED",
      "ECR scans no base images; Grype and Trivy can (slipway:gates.findings.source)",
    );
  }
  if (base === undefined) return unknown("IMAGE_NOT_FOUND", "its registry does not give the newer image");
  const { source, waitSeconds, maxAgeDays } = limits;
  const { scanWithScanner } = await import("../scanner/scan.ts");
  const { repository, digest } = base;
  const isForeign = base.registry !== registry;
  const request = { registry: base.registry, isForeign, repository, digest, waitSeconds, signal };
  return unlessStale(await scanWithScanner(source, clients, request), maxAgeDays, new Date());
}
