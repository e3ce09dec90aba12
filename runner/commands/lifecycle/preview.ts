import { keepTagPrefixes } from "../../../config/stack/retention.ts";
import { countHolders, type Holders } from "../../../lifecycle/bytes.ts";
import { type CalendarEntry, calendarOf } from "../../../lifecycle/calendar.ts";
import { expectedPushes } from "../../../lifecycle/forecast.ts";
import { type RuleOutlook, rulesOutlook } from "../../../lifecycle/outlook.ts";
import type { LifecyclePolicy } from "../../../lifecycle/policy.ts";
import { prepare } from "../../../lifecycle/prepare.ts";
import { archiveSaving, type Prices, pricesOf, storageCost } from "../../../lifecycle/prices.ts";
import type { Coverage } from "../../in-use/blind-spots.ts";
import type { Use } from "../../in-use/merge.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { type Comparison, compareWithAws } from "./compare.ts";
import { type ReadRepository, type ReadStack, readStack } from "./read.ts";

/** `slipway lifecycle preview`. */
export interface LifecyclePreviewDocument {
  readonly version: 1;
  readonly kind: "lifecycle-preview";
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  /** The instant that ages are counted to. */
  readonly at: Date;
  /** How many days the calendar looks ahead. */
  readonly days: number;
  readonly repositories: readonly PreviewedRepository[];
  readonly missing: readonly string[];
  /** What could not be seen; an image that nothing seems to need may be in use there. */
  readonly blind: readonly string[];
  /** What was looked at to find images in use, and what was not. */
  readonly coverage: Coverage;
  readonly prices: { readonly date: string; readonly source: string; readonly isExact: boolean };
}

export interface PreviewedRepository {
  readonly repository: string;
  readonly service: string | undefined;
  /** `none`: the repository has no policy, and everything stays. */
  readonly policy: "declared" | "live" | "none";
  readonly images: number;
  /** What the next run does, by rule; with a description of the rule. */
  readonly rules: readonly (RuleOutlook & { readonly description: string })[];
  /** What goes if nothing else is pushed, the first first. */
  readonly calendar: readonly PreviewedEntry[];
  /** What goes as well if pushes go on as assumed. */
  readonly withPushes: readonly PreviewedEntry[];
  readonly freedBytes: number;
  /** Dollars a month that the calendar saves. */
  readonly savedDollars: number;
  /** Dollars a month that the archive saves; undefined if nothing goes there. */
  readonly archiveSavesDollars?: number;
  readonly comparison?: Comparison;
}

export interface PreviewedEntry extends CalendarEntry {
  /** What needs it: the policy must not take it. */
  readonly uses: readonly Use[];
  readonly dollarsPerMonth: number;
}

/** What is asked of a preview. */
export interface PreviewRequest {
  readonly policy: "declared" | "live";
  readonly days: number;
  /** Undefined: as in the last days. */
  readonly pushesPerDay: number | undefined;
  readonly compareWithAws: boolean;
  readonly prices: Prices;
  readonly now: Date;
}

const day = 86_400_000;

/** Whether a tag moves from image to image, so that a later push takes it along or leaves it where it is. */
export function isMovingTag(tag: string): boolean {
  return (
    tag === "latest" || tag.endsWith("-latest") || keepTagPrefixes.some((prefix) => tag.startsWith(prefix))
  );
}

/** What a lifecycle policy will take of the selected services' repositories. Only reads. */
export async function previewLifecycle(
  session: Session,
  request: PreviewRequest,
): Promise<LifecyclePreviewDocument> {
  return previewOf(session, await readStack(session, request.policy), request);
}

/** `previewLifecycle` of what was read. */
export async function previewOf(
  session: Session,
  stack: ReadStack,
  request: PreviewRequest,
): Promise<LifecyclePreviewDocument> {
  const holders = countHolders(stack.repositories.flatMap(({ images }) => images));
  const repositories: PreviewedRepository[] = [];
  for (const repository of stack.repositories) {
    const previewed = previewRepository(repository, holders, request, session.settings.aws.region);
    const policy = policyOf(repository, request.policy);
    const comparison =
      request.compareWithAws && policy !== undefined
        ? await compareWithAws(session, repository, policy, request.now)
        : undefined;
    repositories.push({ ...previewed, ...(comparison && { comparison }) });
  }
  const { date, source } = request.prices;
  const { isExact } = pricesOf(request.prices, session.settings.aws.region);
  return {
    ...documentHead(session, "lifecycle-preview"),
    at: request.now,
    days: request.days,
    repositories,
    missing: stack.missing,
    blind: stack.blind,
    coverage: stack.coverage,
    prices: { date, source, isExact },
  };
}

/** The policy that is asked about; the build cache has only the one that is in force. */
function policyOf(repository: ReadRepository, which: PreviewRequest["policy"]): LifecyclePolicy | undefined {
  return which === "live" ? repository.policy : (repository.declared ?? repository.policy);
}

function previewRepository(
  repository: ReadRepository,
  holders: Holders,
  request: PreviewRequest,
  region: string,
): PreviewedRepository {
  const { images, service, needed } = repository;
  const policy = policyOf(repository, request.policy);
  const head = { repository: repository.repository, service: service?.name, images: images.length };
  if (policy === undefined) {
    return {
      ...head,
      policy: "none",
      rules: [],
      calendar: [],
      withPushes: [],
      freedBytes: 0,
      savedDollars: 0,
    };
  }
  const { now, days, pushesPerDay } = request;
  const prices = pricesOf(request.prices, region);
  const until = new Date(now.getTime() + days * day);
  const priced = (entry: CalendarEntry): PreviewedEntry => ({
    ...entry,
    uses: needed.get(entry.digest) ?? [],
    dollarsPerMonth:
      entry.action === "expire" ? storageCost(entry.freedBytes, prices) : archiveSaving(0, prices),
  });
  const prepared = prepare(policy, images);
  const calendar = calendarOf({ prepared, images, now, until, holders }).map(priced);
  const rate = { days, isMoving: isMovingTag, ...(pushesPerDay !== undefined && { perDay: pushesPerDay }) };
  const expected = expectedPushes(images, now, rate);
  const going = new Set(calendar.map(({ digest }) => digest));
  const withPushes =
    expected.length === 0
      ? []
      : calendarOf({ prepared: prepare(policy, [...images, ...expected]), images, now, until, holders })
          .filter(({ digest }) => !going.has(digest))
          .map(priced);
  const freedBytes = calendar.reduce((sum, entry) => sum + entry.freedBytes, 0);
  const archived = calendar.filter(({ action }) => action === "archive");
  const archivedBytes = images
    .filter(({ digest }) => archived.some((entry) => entry.digest === digest))
    .reduce((sum, { blobs }) => sum + blobs.reduce((total, { bytes }) => total + bytes, 0), 0);
  const rules = rulesOutlook(prepared, now);
  return {
    ...head,
    policy: request.policy === "declared" && service !== undefined ? "declared" : "live",
    rules: rules.map((rule) => ({
      ...rule,
      description: policy.rules.find(({ rulePriority }) => rulePriority === rule.priority)?.description ?? "",
    })),
    calendar,
    withPushes,
    freedBytes,
    savedDollars: storageCost(freedBytes, prices),
    ...(archived.length > 0 && { archiveSavesDollars: archiveSaving(archivedBytes, prices) }),
  };
}

/** The entries that must not go: something needs the image. */
export function conflictsOf({ repositories }: LifecyclePreviewDocument): readonly (PreviewedEntry & {
  readonly repository: string;
})[] {
  return repositories.flatMap(({ repository, calendar, withPushes }) =>
    [...calendar, ...withPushes]
      .filter(({ uses }) => uses.length > 0)
      .map((entry) => ({ repository, ...entry })),
  );
}
