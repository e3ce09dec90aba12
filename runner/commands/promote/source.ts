import { withoutUndefined } from "../../../config/catalogue/without-undefined.ts";
import { tagFormats } from "../../../config/stack/tags.ts";
import type { ChosenRelease } from "../../move/releases.ts";
import type { EarlierRelease, ReleaseRecord } from "../../release/record.ts";
import type { Session } from "../../session/session.ts";
import { planTags, type TagPlan } from "../../tags/tags.ts";
import { semanticVersion } from "../../tags/version.ts";
import type { CheckedOut } from "./checked-out.ts";

/** The origin of a promoted image. */
export interface PromotedFrom {
  readonly release: EarlierRelease;
  /** The release's record; undefined if the registry no longer has it. */
  readonly record: ReleaseRecord | undefined;
  /** The local source, if it chose the image. */
  readonly checkedOut: CheckedOut | undefined;
  /** `--version` or TAG. */
  readonly version: string | undefined;
}

/**
 * The destination stack's tags for the image: those of the checked-out commit, as a deployment would set,
 * or else those of the released commit.
 */
export function tagsOfPromoted(settings: Session["settings"], service: string, from: PromotedFrom): TagPlan {
  const { stack, mainBranch, tags } = settings;
  const { release, record, checkedOut, version: given } = from;
  const { commit, committedAt, sourceHash } = release;
  if (checkedOut?.revision !== undefined) {
    const { revision, uncommitted } = checkedOut;
    const uncommittedSource = uncommitted.has(service) ? sourceHash : undefined;
    return planTags(tagFormats(tags), { stack, version: given, mainBranch, revision, uncommittedSource });
  }
  const version = given ?? release.tags.find((tag) => semanticVersion(tag) !== undefined);
  return planTags(tagFormats(tags), {
    stack,
    version,
    mainBranch,
    revision:
      commit === undefined || committedAt === undefined
        ? undefined
        : {
            commit,
            committedAt: new Date(committedAt),
            branch: record?.source.branch,
            mainBranch: undefined,
            pullRequest: undefined,
            tagsHere: version === undefined ? [] : [version],
            versionTags: [],
            isShallow: false,
          },
    uncommittedSource: record?.source.dirty === true ? sourceHash : undefined,
  });
}

/** The source that the new release's record names. */
export function sourceOfPromoted(service: string, from: PromotedFrom): ChosenRelease["about"]["source"] {
  const { release, record, checkedOut } = from;
  const revision = checkedOut?.revision;
  const recorded = record?.source ?? {};
  const hash = release.sourceHash ?? recorded.hash;
  const source =
    revision === undefined
      ? {
          commit: release.commit ?? recorded.commit,
          committedAt: release.committedAt ?? recorded.committedAt,
          branch: recorded.branch,
          dirty: recorded.dirty,
        }
      : {
          commit: revision.commit,
          committedAt: revision.committedAt.toISOString(),
          branch: revision.branch,
          dirty: checkedOut?.uncommitted.has(service) ?? false,
        };
  return withoutUndefined({ hash, ...source });
}
