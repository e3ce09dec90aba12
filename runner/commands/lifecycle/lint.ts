import { keepTagPrefixes } from "../../../config/stack/retention.ts";
import { type LintFinding, lintPolicy } from "../../../lifecycle/lint.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { type ReadRepository, readStack } from "./read.ts";

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
    readonly findings: readonly LintFinding[];
  }[];
}

/** What is odd about the policies of the selected services, in view of their images. Only reads. */
export async function lintLifecycle(
  session: Session,
  which: "declared" | "live",
): Promise<LifecycleLintDocument> {
  const { repositories } = await readStack(session);
  return {
    ...documentHead(session, "lifecycle-lint"),
    policy: which,
    repositories: lintOf(repositories, which),
  };
}

/** `lintLifecycle` of what was read. */
export function lintOf(
  repositories: readonly ReadRepository[],
  which: "declared" | "live",
): LifecycleLintDocument["repositories"] {
  return repositories.map(({ repository, images, declared, policy, isMeantToStay }) => {
    const asked = which === "live" ? policy : (declared ?? policy);
    const findings = asked === undefined ? [] : lintPolicy(asked, images, isMeantToStay).filter(isNews);
    return { repository, hasPolicy: asked !== undefined, findings };
  });
}

/** Slipway's own rules select nothing as long as nothing was deployed. */
function isNews({ kind, what }: LintFinding): boolean {
  return kind !== "never-matches" || !keepTagPrefixes.some((prefix) => what === `${prefix}*`);
}
