import pMap from "p-map";
import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import { gatesSchema } from "../../../config/stack/gates.ts";
import { recordedBases } from "../../bases/recorded.ts";
import { readSource } from "../../bases/source-record.ts";
import { readReleases, type ServiceReleases } from "../../history/read.ts";
import { readContent } from "../../registry/configuration.ts";
import { connectToRegistry } from "../../registry/connection.ts";
import type { Image } from "../../registry/image.ts";
import { verifyImage } from "../../registry/verify-image.ts";
import { findReleases } from "../../release/history.ts";
import type { StoredRelease } from "../../release/record.ts";
import { readNewestRecord, readRecord } from "../../release/store.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { outcomeOfChecks, validate } from "./checks.ts";
import type { ValidationDocument } from "./document.ts";
import type { PlatformContent, Read, ReleaseFacts } from "./facts.ts";

/**
 * What was checked of a release of each of the session's services: what its record says, and what the registry has.
 * It starts no scan and runs nothing: what neither tells is not checked.
 *
 * @param wanted id, tag, commit or digest of a release; undefined: the newest
 * @throws UserError `unknown-release` when no service has it
 */
export async function readValidation(
  session: Session,
  wanted: string | undefined,
): Promise<ValidationDocument> {
  const { timeline, signal } = session;
  const found = await timeline.run({ id: "report", title: "Read records and registry" }, async (step) => {
    const asked = wanted === undefined ? {} : { asked: [wanted] };
    const all = await readReleases(session, { ...asked, running: false, step });
    return pMap(all, (of) => validateService(session, of, wanted), { concurrency: 4, signal });
  });
  const releases = found.flatMap((one) => ("release" in one ? [one] : []));
  const withoutRelease = found.flatMap((one) => ("release" in one ? [] : [one]));
  if (wanted !== undefined && releases.length === 0) {
    throw new UserError({
      code: "unknown-release",
      where: `stack ${session.settings.stack}`,
      value: wanted,
      message: withoutRelease.map(({ service, reason }) => `${service}: ${reason}`).join("; "),
      fix: "give the id, a tag, the commit or the digest of a release that slipway history shows",
    });
  }
  return {
    ...documentHead(session, "validation"),
    outcome: outcomeOfChecks(releases.flatMap(({ checks }) => checks)),
    readAt: new Date().toISOString(),
    releases,
    withoutRelease,
  };
}

async function validateService(session: Session, of: ServiceReleases, wanted: string | undefined) {
  const service = of.service.name;
  const stored = await findRecord(session, of, wanted);
  return "reason" in stored
    ? { service, reason: stored.reason }
    : validate(await readFacts(session, of, stored.value));
}

async function findRecord(
  { clients, settings, signal }: Session,
  { repository, releases }: ServiceReleases,
  wanted: string | undefined,
): Promise<Read<StoredRelease>> {
  if (wanted === undefined) {
    const newest = await readNewestRecord(clients, repository, settings.stack, signal);
    return newest === undefined ? { reason: "it has no release" } : { value: newest };
  }
  const [release] = findReleases(releases, wanted);
  if (release === undefined) return { reason: `no release with ${wanted}` };
  const gone = { reason: `the record of ${release.id} is no longer in the registry` };
  if (release.record === undefined) {
    // The newest release's record is the head itself, where only that was written.
    const newest = await readNewestRecord(clients, repository, settings.stack, signal);
    return newest?.record.id === release.id ? { value: newest } : gone;
  }
  const record = await readRecord(clients, repository, release.record, signal);
  return record === undefined ? gone : { value: record };
}

async function readFacts(
  session: Session,
  { service, repository }: ServiceReleases,
  { record, digest: recordDigest }: StoredRelease,
): Promise<ReleaseFacts> {
  const { clients, registry, settings, signal } = session;
  const { digest, manifests } = record.image;
  const image: Image = { service: service.name, repository, registry, digest, manifests };
  const reading = <T>(work: () => Promise<Read<T>>): Promise<Read<T>> =>
    work().catch((error: unknown) => {
      signal.throwIfAborted();
      return { reason: firstLine(error) };
    });
  const [verified, contents, bases, scans, evidence] = await Promise.all([
    reading(async () => ({ value: await verifyImage(clients, image, service.platforms, signal) })),
    reading(() => readContents(session, image)),
    reading(async () => {
      const source = await readSource(clients, repository, digest, signal);
      if (source === undefined) return { reason: "the build recorded no base images" };
      return { value: recordedBases(source, registry) };
    }),
    reading(() => readScans(session, image)),
    reading(() => readEvidence(session, image)),
  ]);
  const { gates } = settings;
  return {
    service,
    record,
    recordDigest,
    registry,
    image: verified,
    contents,
    bases,
    scans,
    evidence,
    gates,
  };
}

async function readContents(
  { clients, registry, signal }: Session,
  { repository, manifests }: Image,
): Promise<ReleaseFacts["contents"]> {
  const { suspectedSecrets } = await import("../../image-checks/secrets.ts");
  const connection = connectToRegistry(clients, registry, signal);
  const read = await pMap(
    Object.entries(manifests),
    async ([platform, digest]): Promise<readonly PlatformContent[]> => {
      const content = await readContent(clients, connection, repository, digest);
      return content === undefined ? [] : [{ platform, content, secrets: suspectedSecrets(content) }];
    },
    { concurrency: 4, signal },
  );
  const all = read.flat();
  return all.length === 0 ? { reason: "the registry has no configuration of the image" } : { value: all };
}

/** Scans that ECR has. A scanner of this machine would have to run, and keeps no results. */
async function readScans(session: Session, image: Image): Promise<ReleaseFacts["scans"]> {
  const { gates } = session.settings;
  if (gates === undefined) return { reason: "the stack has no slipway:gates" };
  const { source, maxAgeDays } = gates.findings ?? gatesSchema.parse({}).findings;
  if (source !== "ecr") return { reason: `${source} keeps no results, and a report runs no scanner` };
  const { scanImage } = await import("../../findings/scan.ts");
  return { value: await scanImage(session, image, { source, maxAgeDays, waitSeconds: 0 }) };
}

/** What is attached to the image, checked with the keys that the stack signs with or asks for. */
async function readEvidence(session: Session, image: Image): Promise<ReleaseFacts["evidence"]> {
  const { settings } = session;
  const { checkEvidence } = await import("../../evidence/check.ts");
  const { readPublicKey } = await import("../../evidence/signer.ts");
  const { keyPlace, storeOf } = await import("../../evidence/step.ts");
  const own = settings.evidence?.sign?.key;
  const keys = [...new Set([...(own === undefined ? [] : [own]), ...(settings.gates?.signed?.keys ?? [])])];
  const known = await Promise.all(keys.map((key) => readPublicKey(key, keyPlace(session))));
  return { value: { pieces: await checkEvidence(storeOf(session, image), image, known), keys } };
}
