import type { Service } from "../../config/catalogue/catalogue.ts";
import type { Problem } from "../../config/problems/errors.ts";
import { findingsPolicy, type GateSettings, imagePolicy } from "../../config/stack/gates.ts";
import type { Image } from "../registry/image.ts";
import type { Gate, GateName } from "../targets/gate.ts";
import { type Clock, systemClock } from "../targets/poll.ts";
import type { TargetPlan } from "../targets/target.ts";
import { refusalOf } from "./ask.ts";
import { movedServices } from "./baseline.ts";
import type { FindingsVerdict } from "./decide.ts";
import { type Answer, asksAnything, type JudgingSession, judge } from "./judge.ts";

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
  session: JudgingSession,
  services: readonly {
    readonly service: Service;
    readonly image: Image | undefined;
    readonly targets: readonly TargetPlan[];
  }[],
  clock: Clock = systemClock,
): Promise<readonly Foretold[]> {
  const { settings } = session;
  const { gates } = settings;
  if (!asksAnything(gates)) return [];
  const moving = movedServices(services);
  const there = moving.flatMap((one) => (one.image === undefined ? [] : [{ ...one, image: one.image }]));
  const { answers } = await judge(session, there, gates, clock, 0);
  const known = Map.groupBy(answers, ({ service }) => service);
  return moving.map(({ service: { name }, image }) => {
    if (image === undefined) return { service: name, gates: gatesAfterBuild(gates), problems: [] };
    const own = (known.get(name) ?? []).map((answer) => foretold(answer, settings.stack));
    return {
      service: name,
      gates: own.map(({ gate }) => gate),
      problems: own.flatMap(({ problems }) => problems),
    };
  });
}

function gatesAfterBuild(gates: GateSettings): readonly Gate[] {
  const asked: readonly GateName[] = [
    ...(findingsPolicy(gates) === undefined ? [] : (["findings"] as const)),
    ...(imagePolicy(gates) === undefined ? [] : (["image checks"] as const)),
  ];
  return asked.map((gate) => ({ gate, verdict: "not checked", message: "asked when the image is built" }));
}

function foretold(
  answer: Answer,
  stack: string,
): { readonly gate: Gate; readonly problems: readonly Problem[] } {
  const platforms = answer.findings?.platforms ?? [];
  const open = platforms.filter(isOpen);
  const isRefused =
    answer.verdict === "block" &&
    (platforms.length === 0 || platforms.some((one) => one.verdict === "block" && !isOpen(one)));
  if (isRefused) return { gate: answer.gate, problems: [refusalOf(answer, stack)] };
  if (open.length === 0) return { gate: answer.gate, problems: [] };
  const message = `the deployment waits for the scan of ${open.map(({ platform }) => platform).join(", ")}`;
  return { gate: { gate: "findings", verdict: "not checked", message }, problems: [] };
}

/** Whether there is no result yet, but the deployment may get one. */
function isOpen({ unknown }: FindingsVerdict["platforms"][number]): boolean {
  return unknown !== undefined && unknown.waiver === undefined && awaited.includes(unknown.status);
}
