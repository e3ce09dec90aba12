import type { Revision } from "../git/revision.ts";
import type { Version } from "./version.ts";

/** The input of tags. */
export interface TagSource {
  readonly stack: string;
  /** `--version` or TAG; undefined when none was given. */
  readonly version: string | undefined;
  readonly revision: Revision | undefined;
  /** `slipway:mainBranch`; default: what git or CI says. */
  readonly mainBranch?: string | undefined;
  /**
   * Source hash, when what is built differs from the commit: a tag that names the commit then says so,
   * and never stands for two images.
   */
  readonly uncommittedSource?: string | undefined;
}

/** `TagSource` with the version that was chosen. */
export interface TagFacts extends TagSource {
  readonly chosen: Version | undefined;
}
