import pMap from "p-map";
import prettyBytes from "pretty-bytes";
import { UserError } from "../../../config/problems/errors.ts";
import type { Target } from "../../../config/targets/target.ts";
import { readRevision } from "../../git/revision.ts";
import { notedGates } from "../../history/gates.ts";
import { suggestReleases } from "../../history/image.ts";
import { readReleases, type ServiceReleases } from "../../history/read.ts";
import { compareWithRegistry } from "../../plan/compare.ts";
import { verifyImage } from "../../registry/verify-image.ts";
import { type Difference, diffFacts, type Facts, factsOf, hideValue } from "../../release/diff.ts";
import { findReleases, isSuccessful, runningRelease } from "../../release/history.ts";
import type { EarlierRelease, ReleaseRecord } from "../../release/record.ts";
import { readRecord } from "../../release/store.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { kindOf } from "../../targets/kinds.ts";
import type { TargetDetails, TargetStatus } from "../../targets/target.ts";

/** `slipway diff`. */
export interface DiffDocument {
  readonly version: 1;
  readonly kind: "diff";
  readonly stack: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly services: readonly {
    readonly service: string;
    readonly before: string;
    readonly after: string;
    readonly same: boolean;
    readonly differences: readonly Difference[];
    /** What could not be compared, and why. */
    readonly notes: readonly string[];
  }[];
}

/** One side of the comparison. */
interface Side {
  /** `20261125-143015-a1b2c3`, `what runs`, `the local source`. */
  readonly name: string;
  readonly facts: Facts;
  /** Digest of the image, when there is one. */
  readonly image: string | undefined;
  readonly manifests: Readonly<Record<string, string>>;
  /** Title of a target → its details from the record or from AWS. */
  readonly details: Readonly<Record<string, TargetDetails>>;
  /** Its gates that did not simply pass. */
  readonly gates?: readonly string[];
}

/** Names for sides that are not a release: what runs, and the local source. */
export const live = "live";
export const here = "HEAD";

/**
 * Compares two releases of each of the session's services, or a release with what runs (`live`) or with the
 * local source (`HEAD`). Only reads.
 *
 * @throws UserError `unknown-release`
 */
export async function diffReleases(session: Session, before: string, after: string): Promise<DiffDocument> {
  const { timeline, signal } = session;
  const services = await timeline.run({ id: "diff", title: "Compare" }, async (step) => {
    const asked = [before, after].filter((text) => text !== live && text !== here);
    const all = await readReleases(session, { asked, step });
    return pMap(all, (of) => diffService(session, of, before, after), { concurrency: 8, signal });
  });
  return {
    ...documentHead(session, "diff"),
    services,
  };
}

async function diffService(session: Session, of: ServiceReleases, before: string, after: string) {
  const [from, to] = await Promise.all([sideOf(session, of, before), sideOf(session, of, after)]);
  const [fromSizes, toSizes] = await Promise.all([sizesOf(session, of, from), sizesOf(session, of, to)]);
  const settings = await pMap(of.service.targets, (target) => settingsChanged(session, target, from, to), {
    concurrency: 4,
  });
  const notes = [
    ...[from, to].flatMap((side, index) =>
      side.image !== undefined && [fromSizes, toSizes][index] === undefined
        ? [`the image of ${side.name} is no longer in the registry, so its sizes are unknown`]
        : [],
    ),
    ...settings.flatMap((one) => one.notes),
    ...[from, to].flatMap(({ name, gates = [] }) => gates.map((gate) => `${name}: ${gate}`)),
  ];
  // The local source has no tags, and its branch says nothing.
  const known = before === here || after === here ? withoutNames : (facts: Facts) => facts;
  const differences = [
    ...diffFacts(known(from.facts), known(to.facts)),
    ...(fromSizes === undefined || toSizes === undefined ? [] : diffFacts(fromSizes, toSizes)),
    ...settings.flatMap((one) => one.differences),
  ];
  return {
    service: of.service.name,
    before: from.name,
    after: to.name,
    same: differences.length === 0,
    differences,
    notes,
  };
}

function withoutNames({ tags: _, branch: __, uncommitted: ___, ...facts }: Facts): Facts {
  return facts;
}

function sideOf(session: Session, of: ServiceReleases, text: string): Promise<Side> {
  if (text === live) return sideOfRunning(session, of);
  if (text === here) return sideOfSource(session, of);
  return sideOfRelease(session, of, text);
}

async function sideOfRelease(session: Session, of: ServiceReleases, text: string): Promise<Side> {
  const matching = findReleases(of.releases, text);
  const release = matching.find(isSuccessful) ?? matching[0];
  if (release === undefined) {
    throw new UserError({
      code: "unknown-release",
      where: `${of.repository}, stack ${session.settings.stack}`,
      value: text,
      message: `${of.service.name} has no release with this id, tag, commit or digest`,
      fix: `${suggestReleases(of.releases, "that exist", "its id")}; or use ${live} for what runs, or ${here} for the local source`,
    });
  }
  return sideFrom(session, of, release, release.id);
}

async function sideFrom(session: Session, of: ServiceReleases, release: EarlierRelease, name: string) {
  const { clients, signal } = session;
  const { record: digest } = release;
  const stored = digest === undefined ? undefined : await readRecord(clients, of.repository, digest, signal);
  return {
    name,
    facts: factsOfRelease(release, stored?.record),
    image: release.image,
    manifests: release.manifests,
    details: detailsIn(stored?.record.targets ?? []),
    gates: notedGates(stored?.record),
  };
}

function factsOfRelease(release: EarlierRelease, record: ReleaseRecord | undefined): Facts {
  const { commit, committedAt, sourceHash, image, manifests, tags } = release;
  const { branch, dirty } = record?.source ?? {};
  return {
    ...(commit === undefined ? {} : { commit }),
    ...(committedAt === undefined ? {} : { committedAt }),
    ...(branch === undefined ? {} : { branch }),
    ...(dirty === undefined ? {} : { uncommitted: dirty ? "yes" : "no" }),
    ...(sourceHash === undefined ? {} : { sourceHash }),
    image,
    ...platformFacts(manifests),
    tags: [...tags].sort().join(", "),
  };
}

function platformFacts(manifests: Readonly<Record<string, string>>): Facts {
  return Object.fromEntries(
    Object.entries(manifests).map(([platform, digest]) => [`platforms.${platform}`, digest]),
  );
}

function detailsIn(targets: readonly Pick<TargetStatus, "title" | "details">[]) {
  return Object.fromEntries(targets.map(({ title, details = {} }) => [title, details]));
}

/** What runs, with the facts of its release if there is one. */
async function sideOfRunning(session: Session, of: ServiceReleases): Promise<Side> {
  const { directory, clients, emit, signal } = session;
  const release = runningRelease(of.releases, of.running);
  const name = release === undefined ? "what runs" : `running release ${release.id}`;
  const targets = await Promise.all(
    of.service.targets.map((target) =>
      kindOf(target).status(of.service.name, target, { directory, clients, emit, signal, step: "diff" }),
    ),
  );
  const details = detailsIn(targets);
  if (release !== undefined) return { ...(await sideFrom(session, of, release, name)), details };
  const [image] = of.running;
  return { name, facts: image === undefined ? {} : { image }, image, manifests: {}, details };
}

/** The local source, and its image in the registry. */
async function sideOfSource(session: Session, of: ServiceReleases): Promise<Side> {
  const [[compared], revision] = await Promise.all([
    compareWithRegistry({ ...session, services: [of.service] }),
    readRevision(session.directory),
  ]);
  const image = compared?.image;
  return {
    name: "the local source",
    facts: {
      ...(revision === undefined
        ? {}
        : { commit: revision.commit, committedAt: revision.committedAt.toISOString() }),
      ...(revision?.branch === undefined ? {} : { branch: revision.branch }),
      ...(compared === undefined ? {} : { sourceHash: compared.source.hash }),
      image: image?.digest ?? "not built yet",
      ...platformFacts(image?.manifests ?? {}),
    },
    image: image?.digest,
    manifests: image?.manifests ?? {},
    details: {},
  };
}

/** The size that a pull of each platform transfers; undefined if the image is gone. */
async function sizesOf(session: Session, of: ServiceReleases, side: Side): Promise<Facts | undefined> {
  const { clients, registry, signal } = session;
  if (side.image === undefined) return undefined;
  const { image: digest, manifests } = side;
  const image = { service: of.service.name, repository: of.repository, registry, digest, manifests };
  try {
    const platforms = await verifyImage(clients, image, [], signal);
    return Object.fromEntries(
      platforms.flatMap(({ platform, layers, bytes }) => [
        [`platforms.${platform}.size`, prettyBytes(bytes)],
        [`platforms.${platform}.layers`, String(layers)],
      ]),
    );
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The differences between the target's settings of two releases, besides its image. */
async function settingsChanged(
  { clients, signal }: Session,
  target: Target,
  from: Side,
  to: Side,
): Promise<{ readonly differences: readonly Difference[]; readonly notes: readonly string[] }> {
  const { title: titleOf, settings } = kindOf(target);
  const title = titleOf(target);
  const [before, after] = [from, to].map((side) => settings?.of(side.details[title] ?? {}));
  if (settings === undefined || before === undefined || after === undefined || before === after) {
    return { differences: [], notes: [] };
  }
  const read = (name: string) => settings.read(target, name, { clients, signal });
  const [one, other] = await Promise.all([read(before), read(after)]);
  const gone = [...(one === undefined ? [before] : []), ...(other === undefined ? [after] : [])];
  if (one === undefined || other === undefined) {
    return { differences: [], notes: [`${title}: ${gone.join(" and ")} can no longer be read`] };
  }
  const facts = (document: unknown) => factsOf(document, settings.hiddenFields, hideValue);
  return {
    differences: [
      { field: `${title}: ${settings.name}`, before, after },
      ...diffFacts(facts(one), facts(other)).map((difference) => ({
        ...difference,
        field: `${title}: ${difference.field}`,
      })),
    ],
    notes: [],
  };
}
