import { relative } from "node:path";
import { fixHere } from "../../config/problems/fix-here.ts";
import type { Source } from "../../source/hash.ts";
import { lfsPointers } from "../../source/lfs.ts";
import type { Emit } from "../report/events.ts";

/** The most files that a warning names. */
const shownFiles = 3;

/** Warns of files that Git LFS has not fetched: the image would hold their pointers. */
export function warnOfPointers(directory: string, sources: ReadonlyMap<string, Source>, emit: Emit): void {
  for (const [service, { inputs }] of sources) {
    const paths = lfsPointers(inputs).map(({ absolute }) => relative(directory, absolute));
    if (paths.length === 0) continue;
    const more = paths.length - shownFiles;
    const named = [...paths.slice(0, shownFiles), ...(more > 0 ? [`${more} more`] : [])].join(", ");
    emit({
      kind: "warning",
      code: "lfs-pointer",
      message: `the image of ${service} would hold Git LFS pointers instead of the files: ${named}`,
      fix: `${fixHere({
        github: "set lfs: true for actions/checkout",
        gitlab: "remove GIT_LFS_SKIP_SMUDGE from the job, or run git lfs pull in it",
        elsewhere: "run git lfs pull",
      })}; or leave them out with .dockerignore`,
    });
  }
}
