import type { Service } from "../../config/catalogue/catalogue.ts";
import type { Problem } from "../../config/problems/errors.ts";
import { findingsPolicy } from "../../config/stack/gates.ts";
import type { Image } from "../registry/image.ts";
import type { Gate } from "../targets/gate.ts";
import { type Clock, systemClock } from "../targets/poll.ts";
import { isMove, type TargetPlan } from "../targets/target.ts";
import { type AskingSession, judgeFindings, refusalOf } from "./ask.ts";
import type { FindingsVerdict } from "./decide.ts";
import { findingsGate } from "./phrase.ts";

/** What a plan knows of a gate before the deployment asks it. */
export interface Foretold {
  readonly service: string;
  readonly gates: readonly Gate[];
  /** What would refuse the deployment. */
  readonly problems: readonly Problem[];
}

/** Statuses of a scan that the deployment waits for, or starts. */
const awaited = ["NOT_SCANNED", "STALE_SCAN", "IN_PROGRESS", "PENDING"];

/**
 * What the stack's gates will say of services whose targets are to be moved, as far as that is known: nothing is
 * started and nothing is waited for. An image that is still to be built is not known.
 */
export async function foretellGates(
  session: Pick<AskingSession, "catalogue" | "clients" | "directory" | "settings" | "signal">,
  services: readonly {
    readonly service: Service;
    readonly image: Image | undefined;
    readonly targets: readonly TargetPlan[];
  }[],
  clock: Clock = systemClock,
): Promise<readonly Foretold[]> {
  const { settings } = session;
  const policy = settings.gates === undefined ? undefined : findingsPolicy(settings.gates);
  if (policy === undefined) return [];
  const moving = services.filter(({ targets }) => targets.some(isMove));
  const there = moving.flatMap((one) => (one.image === undefined ? [] : [{ ...one, image: one.image }]));
  const { verdicts } = await judgeFindings(session, there, policy, { ...policy, waitSeconds: 0 }, clock);
  const known = new Map(verdicts.map((verdict) => [verdict.service, foretold(verdict, settings.stack)]));
  return moving.map(
    ({ service: { name } }) =>
      known.get(name) ?? {
        service: name,
        gates: [{ gate: "findings", verdict: "not checked", message: "asked when the image is built" }],
        problems: [],
      },
  );
}

function foretold(verdict: FindingsVerdict, stack: string): Foretold {
  const { service, platforms } = verdict;
  const gate = findingsGate(verdict);
  const bad = platforms.filter((platform) => platform.verdict === "block");
  const isOpen = ({ unknown }: FindingsVerdict["platforms"][number]) =>
    unknown !== undefined && unknown.waiver === undefined && awaited.includes(unknown.status);
  if (bad.some((platform) => !isOpen(platform)))
    return { service, gates: [gate], problems: [refusalOf(verdict, stack)] };
  const open = platforms.filter(isOpen);
  if (open.length === 0) return { service, gates: [gate], problems: [] };
  const message = `the deployment waits for the scan of ${open.map(({ platform }) => platform).join(", ")}`;
  return { service, gates: [{ gate: "findings", verdict: "not checked", message }], problems: [] };
}
