import type { ImageDetail } from "@aws-sdk/client-ecr";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../../config/names.ts";
import { compareSources, type SourceChange } from "../../../source/compare.ts";
import type { MovedBase } from "../../bases/base-images.ts";
import { basesMoved } from "../../bases/bases-since.ts";
import { readSource } from "../../bases/source-record.ts";
import { findGitBase } from "../../git/base.ts";
import { compareSince, warnOfNoBase } from "../../git/changed-since.ts";
import { compareWithRegistry } from "../../plan/compare.ts";
import { listDetails } from "../../registry/contents.ts";
import { shortDigest } from "../../registry/image.ts";
import { readNewestRecord } from "../../release/store.ts";
import { openDescription, type Session, type SessionContext, withSession } from "../../session/session.ts";

/** `slipway why`. */
export interface WhyDocument {
  readonly version: 1;
  readonly kind: "why";
  readonly service: string;
  readonly stack: string;
  /** Whether the registry has an image of the current source; undefined if Slipway did not ask it. */
  readonly built: boolean | undefined;
  readonly against:
    | {
        readonly kind: "image";
        readonly what: "released last" | "newest in the registry";
        readonly digest: string;
      }
    | { readonly kind: "git"; readonly ref: string; readonly commit: string }
    | { readonly kind: "nothing"; readonly reason: string };
  readonly changes: readonly SourceChange[];
  /**
   * Base images whose tags moved since the build, as far as their registries respond. They do not change the
   * source.
   */
  readonly movedBases: readonly MovedBase[];
}

/**
 * Finds what changed in the source of a service since the image that the stack released last (or else the
 * newest in the registry), or since a commit.
 */
export async function explainChange(
  request: {
    readonly service: string;
    readonly stack: string | undefined;
    readonly since: string | undefined;
  },
  context: SessionContext,
): Promise<WhyDocument> {
  const selection = { services: [request.service], stack: request.stack };
  if (request.since !== undefined) return explainSince(selection, request.since, context);
  return withSession({ ...selection, sources: "chosen" }, context, async (session) => {
    const [service] = session.services;
    const [compared] = await compareWithRegistry(session);
    if (service === undefined || compared === undefined) throw new Error("no service was selected");
    const about = {
      version: 1,
      kind: "why",
      service: service.name,
      stack: session.settings.stack,
      built: compared.image !== undefined,
    } as const;
    const image = await imageBefore(session, service);
    if (image === undefined) {
      return {
        ...about,
        against: { kind: "nothing", reason: "the registry has no image of this service" },
        changes: [],
        movedBases: [],
      };
    }
    const { what, digest } = image;
    const against = { kind: "image", what, digest } as const;
    const before = await readSource(session.clients, compared.repository, digest, session.signal);
    if (before === undefined) {
      if (compared.image?.digest === digest) return { ...about, against, changes: [], movedBases: [] };
      const reason = `the source of ${shortDigest(digest)} (${what}) was not recorded`;
      return { ...about, against: { kind: "nothing", reason }, changes: [], movedBases: [] };
    }
    const changes = compareSources(before.description, compared.description);
    return { ...about, against, changes, movedBases: (await basesMoved(session, before)).moved };
  });
}

async function explainSince(
  selection: { readonly services: readonly string[]; readonly stack: string | undefined },
  since: string,
  context: SessionContext,
): Promise<WhyDocument> {
  const description = await openDescription(context.directory, { ...selection, sources: "chosen" });
  const base = await findGitBase(context.directory, since);
  warnOfNoBase(base, context);
  const { services } = await compareSince(description, base, context);
  const [service = ""] = selection.services;
  const then = services.get(service);
  const about = {
    version: 1,
    kind: "why",
    service,
    stack: description.settings.stack,
    built: undefined,
  } as const;
  if (base.kind === "none" || then === undefined || then.kind === "unknown") {
    const reason =
      base.kind === "none" ? base.reason : then?.kind === "unknown" ? then.reason : "its changes are unknown";
    return { ...about, against: { kind: "nothing", reason }, changes: [], movedBases: [] };
  }
  const against = { kind: "git", ref: base.ref, commit: base.commit } as const;
  return { ...about, against, changes: then.kind === "changed" ? then.changes : [], movedBases: [] };
}

/** The image that the stack released last, or the newest in the registry. */
async function imageBefore({ clients, settings, signal }: Session, service: Service) {
  const repository = repositoryName(settings, service);
  const head = await readNewestRecord(clients, repository, settings.stack, signal);
  if (head !== undefined) return { what: "released last" as const, digest: head.record.image.digest };
  const images = await listDetails(clients, repository, signal, { tagStatus: "TAGGED" });
  const digest = newestBuilt(images ?? [])?.imageDigest;
  return digest === undefined ? undefined : { what: "newest in the registry" as const, digest };
}

/** The latest image that Slipway pushed. */
function newestBuilt(images: readonly ImageDetail[]): ImageDetail | undefined {
  return images
    .filter(({ imageTags = [] }) => imageTags.some((tag) => tag.startsWith("src-")))
    .toSorted((one, other) => timeOf(one) - timeOf(other))
    .at(-1);
}

function timeOf({ imagePushedAt }: ImageDetail): number {
  return imagePushedAt?.getTime() ?? 0;
}
