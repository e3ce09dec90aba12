import type { Revision } from "../../../runner/git/revision.ts";

/** A commit on a feature branch, with nothing special about it. */
export function revision(changes: Partial<Revision> = {}): Revision {
  return {
    commit: "0123456789abcdef0123456789abcdef01234567",
    committedAt: new Date("2026-05-04T03:02:01Z"),
    branch: "feature/Big-Thing",
    mainBranch: "main",
    pullRequest: undefined,
    tagsHere: [],
    versionTags: [],
    isShallow: false,
    ...changes,
  };
}
