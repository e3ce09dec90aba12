import { type SourceChange, summarizeChanges } from "../../../source/compare.ts";
import { findGitBase } from "../../git/base.ts";
import { compareSince, type SinceThen, warnOfNoBase } from "../../git/changed-since.ts";
import { compareWithRegistry, reasonToBuild } from "../../plan/compare.ts";
import { openDescription, type Selection, type SessionContext, withSession } from "../../session/session.ts";

/** `slipway changed`. */
export interface ChangedDocument {
  readonly version: 1;
  readonly kind: "changed";
  readonly stack: string;
  /** What the sources were compared with; `nothing`: every service counts as changed, for this reason. */
  readonly against:
    | { readonly kind: "registry" }
    | { readonly kind: "git"; readonly ref: string; readonly commit: string }
    | { readonly kind: "nothing"; readonly reason: string };
  readonly services: readonly ChangedService[];
  /** Services that the catalogue had at the commit, and no longer has. */
  readonly removed: readonly string[];
  /** Value for `strategy.matrix` of a GitHub workflow: the changed services, and why. */
  readonly matrix: { readonly include: readonly { readonly service: string; readonly reason: string }[] };
}

export interface ChangedService {
  readonly service: string;
  readonly changed: boolean;
  readonly reason: string;
  /** The changed files, if known. */
  readonly changes: readonly SourceChange[];
}

export interface ChangedRequest extends Selection {
  /** `--since`; undefined: compare with the registry. */
  readonly since: string | undefined;
}

/**
 * Finds the services that changed, compared with the images in the registry, or with a commit, which needs
 * no credentials. With `--all`, every selected service counts.
 */
export async function findChanged(
  request: ChangedRequest,
  context: SessionContext,
): Promise<ChangedDocument> {
  if (request.all === true) {
    const { settings, catalogue } = await openDescription(context.directory, { ...request, sources: "none" });
    const named = new Set(request.services);
    const chosen =
      named.size === 0 ? catalogue.services : catalogue.services.filter(({ name }) => named.has(name));
    const services = chosen.map(({ name }) => changedService(name, "asked for"));
    return documentOf(settings.stack, { kind: "nothing", reason: "asked for" }, services, []);
  }
  if (request.since === undefined) return changedInRegistry(request, context);
  return changedSince(request, request.since, context);
}

function changedInRegistry(request: Selection, context: SessionContext): Promise<ChangedDocument> {
  return withSession({ ...request, sources: "chosen" }, context, async (session) => {
    const compared = await session.timeline.run(
      { id: "compare", title: "Compare the sources with the registry" },
      () => compareWithRegistry(session),
    );
    const services = compared.map((one) => {
      const { name } = one.service;
      return one.image === undefined
        ? changedService(name, reasonToBuild(one))
        : sameService(name, "its image is in the registry");
    });
    return documentOf(session.settings.stack, { kind: "registry" }, services, []);
  });
}

async function changedSince(
  request: Selection,
  since: string,
  context: SessionContext,
): Promise<ChangedDocument> {
  const description = await openDescription(context.directory, { ...request, sources: "chosen" });
  const base = await findGitBase(context.directory, since);
  warnOfNoBase(base, context);
  const { services, removed } = await compareSince(description, base, context);
  return documentOf(
    description.settings.stack,
    base.kind === "none"
      ? { kind: "nothing", reason: base.reason }
      : { kind: "git", ref: base.ref, commit: base.commit },
    description.services.map(({ name }) => inWords(name, services.get(name))),
    removed,
  );
}

function inWords(service: string, then: SinceThen | undefined): ChangedService {
  switch (then?.kind) {
    case undefined:
      return changedService(service, "new service");
    case "same":
      return sameService(service, "its source has not changed");
    case "unknown":
      return changedService(service, then.reason);
    case "changed":
      return changedService(service, summarizeChanges(then.changes), then.changes);
  }
}

function changedService(
  service: string,
  reason: string,
  changes: readonly SourceChange[] = [],
): ChangedService {
  return { service, changed: true, reason, changes };
}

function sameService(service: string, reason: string): ChangedService {
  return { service, changed: false, reason, changes: [] };
}

function documentOf(
  stack: string,
  against: ChangedDocument["against"],
  services: readonly ChangedService[],
  removed: readonly string[],
): ChangedDocument {
  const include = services
    .filter(({ changed }) => changed)
    .map(({ service, reason }) => ({ service, reason }));
  return { version: 1, kind: "changed", stack, against, services, removed, matrix: { include } };
}
