import { withoutUndefined } from "../../../config/catalogue/without-undefined.ts";
import { tagFormats } from "../../../config/stack/tags.ts";
import type { ChosenRelease } from "../../move/releases.ts";
import type { EarlierRelease, ReleaseRecord } from "../../release/record.ts";
import type { Session } from "../../session/session.ts";
import { planTags, type TagPlan } from "../../tags/tags.ts";
import { semanticVersion } from "../../tags/version.ts";
import type { CheckedOut } from "./checked-out.ts";

/** What there is to know of where a promoted image comes from. */
export interface PromotedFrom {
  readonly release: EarlierRelease;
  /** The release's own record, as long as the registry keeps it. */
  readonly record: ReleaseRecord | undefined;
  /** The source here, when the image was chosen by it. */
  readonly checkedOut: CheckedOut | undefined;
  /** `--version` or TAG. */
  readonly version: string | undefined;
}

/**
 * The tags that the stack it goes to gives to the image: of the commit that is checked out, as a
 * deployment of it would, or else of the one that was released.
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

/** What the new release's record says of its source. */
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
