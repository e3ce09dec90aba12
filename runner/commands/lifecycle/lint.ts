import type { Settings } from "../../../config/settings.ts";
import { keepTagPrefixes, meet } from "../../../config/stack/retention.ts";
import { patternOf, tagFormats } from "../../../config/stack/tags.ts";
import { type LintFinding, lintPolicy } from "../../../lifecycle/lint.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { type ReadRepository, readStack } from "./read.ts";

/** A finding, and whether somebody should do something about it. */
export interface Finding extends LintFinding {
  /** `note`: it goes away by itself, with the first image of its kind. */
  readonly level: "warning" | "note";
}

/** `slipway lifecycle lint`. */
export interface LifecycleLintDocument {
  readonly version: 1;
  readonly kind: "lifecycle-lint";
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  readonly policy: "declared" | "live";
  readonly repositories: readonly {
    readonly repository: string;
    /** False if there is no policy, so that everything stays for ever. */
    readonly hasPolicy: boolean;
    readonly findings: readonly Finding[];
  }[];
}

/** What is odd about the policies of the selected services, in view of their images. Only reads. */
export async function lintLifecycle(
  session: Session,
  which: "declared" | "live",
): Promise<LifecycleLintDocument> {
  const { repositories } = await readStack(session, which);
  return {
    ...documentHead(session, "lifecycle-lint"),
    policy: which,
    repositories: lintOf(repositories, which, session.settings),
  };
}

/** `lintLifecycle` of what was read. */
export function lintOf(
  repositories: readonly ReadRepository[],
  which: "declared" | "live",
  settings: Pick<Settings, "retention" | "tags" | "stack">,
): LifecycleLintDocument["repositories"] {
  return repositories.map(({ repository, images, declared, policy, isMeantToStay }) => {
    const asked = which === "live" ? policy : (declared ?? policy);
    const found = asked === undefined ? [] : lintPolicy(asked, images, isMeantToStay).filter(isNews);
    const isOfPreset = which === "declared" && declared !== undefined && "preset" in settings.retention;
    const findings = found.map((finding): Finding => {
      return { level: isOfPreset && waits(finding, settings) ? "note" : "warning", ...finding };
    });
    return { repository, hasPolicy: asked !== undefined, findings };
  });
}

/**
 * Whether a finding about a rule of a preset goes away by itself. Nobody wrote these rules for this repository: before
 * the first release, the one for `v*` matches nothing, and those for all other images have none to act on.
 */
function waits({ kind, what }: LintFinding, settings: Pick<Settings, "tags" | "stack">): boolean {
  return kind === "shadowed" || (kind === "never-matches" && canStillCome(what, settings));
}

/**
 * Whether the stack can still make a tag that a pattern matches: by one of its formats, or by a version, which is a tag
 * by itself.
 */
function canStillCome(pattern: string, { tags, stack }: Pick<Settings, "tags" | "stack">): boolean {
  const formats = [...tagFormats(tags).map(({ format }) => format), "{version}"];
  return formats.some((format) => meet(pattern, patternOf(format, stack)));
}

/** Slipway's own rules select nothing as long as nothing was deployed. */
function isNews({ kind, what }: LintFinding): boolean {
  return kind !== "never-matches" || !keepTagPrefixes.some((prefix) => what === `${prefix}*`);
}
