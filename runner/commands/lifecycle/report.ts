import { firstLine } from "../../../config/problems/first-line.ts";
import type { Prices } from "../../../lifecycle/prices.ts";
import { findOutdated, type OutdatedService } from "../../bases/outdated.ts";
import type { KeptIssue } from "../../github/issue.ts";
import type { Coverage } from "../../in-use/blind-spots.ts";
import type { Use } from "../../in-use/merge.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { costOf, type KindCost } from "./cost.ts";
import { type Finding, lintOf } from "./lint.ts";
import { conflictsOf, type PreviewedEntry, previewOf } from "./preview.ts";
import { type ReadStack, readStack } from "./read.ts";

/** `slipway lifecycle report`: everything that is worth a look every week. */
export interface LifecycleReportDocument {
  readonly version: 1;
  readonly kind: "lifecycle-report";
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  /** `concerns`: somebody should do something. */
  readonly outcome: "concerns" | "nothing";
  readonly at: Date;
  readonly days: number;
  readonly repositories: readonly ReportedRepository[];
  /** Images that the policies of the settings would take although something needs them. */
  readonly conflicts: readonly (PreviewedEntry & { readonly repository: string })[];
  readonly lint: readonly { readonly repository: string; readonly findings: readonly Finding[] }[];
  readonly cost: {
    readonly bytes: number;
    readonly dollarsPerMonth: number;
    readonly kinds: readonly KindCost[];
  };
  /** Images that something needs, by how sure that is; platforms count with their index. */
  readonly inUse: Readonly<Record<string, number>>;
  /** Services whose base images have moved since their build. */
  readonly outdated: readonly OutdatedService[];
  /** Why base images could not be compared. */
  readonly outdatedUnknown?: string;
  readonly coverage: Coverage;
  /** With `--issue`: what became of it. */
  readonly issue?: KeptIssue;
}

export interface ReportedRepository {
  readonly repository: string;
  readonly policy: "declared" | "live" | "none";
  readonly manifests: number;
  /** Images that go within the days. */
  readonly goes: number;
  readonly first: Date | undefined;
  readonly freedBytes: number;
  readonly savedDollars: number;
}

export interface ReportRequest {
  readonly days: number;
  readonly prices: Prices;
  readonly now: Date;
}

/** Reads the stack once, and looks at it in every way. Only reads. */
export async function reportLifecycle(
  session: Session,
  { days, prices, now }: ReportRequest,
): Promise<LifecycleReportDocument> {
  const [stack, outdated] = await Promise.all([readStack(session, "declared"), outdatedIfKnown(session)]);
  const request = {
    policy: "declared",
    days,
    pushesPerDay: undefined,
    compareWithAws: false,
    prices,
    now,
  } as const;
  const preview = await previewOf(session, stack, request);
  const { bytes, dollarsPerMonth, kinds } = costOf(stack.repositories, prices, session.settings.aws.region);
  const lint = lintOf(stack.repositories, "declared", session.settings).filter(
    ({ findings }) => findings.length > 0,
  );
  const conflicts = conflictsOf(preview);
  const moved = outdated.services.filter((one) => one.moved.length + one.pinned.length > 0);
  const refused = stack.coverage.searched.filter((one) => one.refused !== undefined);
  const odd = lint.filter(({ findings }) => findings.some(({ level }) => level === "warning"));
  const isQuiet = conflicts.length + odd.length + moved.length + refused.length + stack.blind.length === 0;
  return {
    ...documentHead(session, "lifecycle-report"),
    outcome: isQuiet ? "nothing" : "concerns",
    at: now,
    days,
    repositories: preview.repositories.map(
      ({ repository, policy, images, calendar, freedBytes, savedDollars }) => ({
        repository,
        policy,
        manifests: images,
        goes: calendar.length,
        first: calendar[0]?.first,
        freedBytes,
        savedDollars,
      }),
    ),
    conflicts,
    lint,
    cost: { bytes, dollarsPerMonth, kinds },
    inUse: countBySureness(stack),
    outdated: moved,
    ...(outdated.reason !== undefined && { outdatedUnknown: outdated.reason }),
    coverage: stack.coverage,
  };
}

/** Registries of base images are others' and may be away; the rest of the report does not depend on them. */
async function outdatedIfKnown(session: Session) {
  try {
    return { services: (await findOutdated(session)).services, reason: undefined };
  } catch (error) {
    if (session.signal.aborted) throw error;
    return { services: [], reason: firstLine(error) };
  }
}

/** Each image counts for the surest of its uses. */
function countBySureness({ repositories }: ReadStack): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { images, needed } of repositories) {
    const listed = new Set(images.flatMap(({ children }) => children));
    for (const [digest, uses] of needed) {
      if (listed.has(digest)) continue;
      const how = surest(uses);
      counts[how] = (counts[how] ?? 0) + 1;
    }
  }
  return counts;
}

const sureness = ["starts", "tag", "reported", "returns"] as const;

function surest(uses: readonly Use[]): string {
  if (uses.some(({ certainty }) => certainty === undefined)) return "runs";
  return sureness.find((one) => uses.some(({ certainty }) => certainty === one)) ?? "runs";
}
