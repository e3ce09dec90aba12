import type { Service } from "../../config/catalogue/catalogue.ts";
import type { Problem } from "../../config/problems/errors.ts";
import {
  dockerfilePolicy,
  findingsPolicy,
  type GateSettings,
  imagePolicy,
} from "../../config/stack/gates.ts";
import type { GateOverride } from "../cli/override.ts";
import type { Image } from "../registry/image.ts";
import type { Session } from "../session/session.ts";
import type { Gate, GateName } from "../targets/gate.ts";
import { type Clock, systemClock } from "../targets/poll.ts";
import type { TargetPlan } from "../targets/target.ts";
import { refusalOf } from "./ask.ts";
import { type CopiedFrom, movedServices } from "./baseline.ts";
import type { FindingsVerdict } from "./decide.ts";
import { type Answer, asksAnything, type JudgingSession, judge } from "./judge.ts";
import { overridden } from "./override.ts";

/** What is known of a gate before the run asks it. */
export interface Foretold {
  readonly service: string;
  readonly gates: readonly Gate[];
  /** What would refuse the run. */
  readonly problems: readonly Problem[];
}

/** A service that a run would move. */
export interface ServiceToForetell {
  readonly service: Service;
  /** Undefined for an image that is still to be built. */
  readonly image: Image | undefined;
  readonly targets: readonly TargetPlan[];
  readonly copiedFrom?: CopiedFrom | undefined;
}

/** What is known of the run. */
export interface ForetoldRun {
  /** What it would be told to pass. */
  readonly override: GateOverride | undefined;
  /** Whether it attaches evidence before it asks, as deployments and promotions do. */
  readonly signs: boolean;
}

/** What foretelling needs of a session. */
export type ForetellingSession = JudgingSession & Pick<Session, "caller">;

/** Statuses of a scan that the run waits for, or starts. */
const awaited = ["NOT_SCANNED", "STALE_SCAN", "IN_PROGRESS", "PENDING"];

/**
 * What the stack's gates will say of services whose targets are to be moved, as far as that is known: nothing is
 * started and nothing is waited for. An image that is still to be built is not known.
 */
export async function foretellGates(
  session: ForetellingSession,
  services: readonly ServiceToForetell[],
  { override, signs }: ForetoldRun,
  clock: Clock = systemClock,
): Promise<readonly Foretold[]> {
  const { gates } = session.settings;
  if (gates === undefined) return [];
  const linted = await lintMissing(session, services, gates);
  const moving = asksAnything(gates) ? movedServices(services) : [];
  const there = moving.flatMap((one) => (one.image === undefined ? [] : [{ ...one, image: one.image }]));
  const { answers } = there.length === 0 ? { answers: [] } : await judge(session, there, gates, clock, 0);
  const signing = signs ? await signingOf(session, gates, answers) : false;
  const known = Map.groupBy([...linted, ...answers], ({ service }) => service);
  const asked = services.filter((one) => moving.includes(one) || known.has(one.service.name));
  return asked.map((one) => {
    const { name } = one.service;
    const later = one.image === undefined && moving.includes(one) ? gatesAfterBuild(gates) : [];
    const told = (known.get(name) ?? []).map((answer) => {
      const gate = overridden(foretold(answer, signing), override, session.caller.arn);
      return { answer, gate };
    });
    return {
      service: name,
      gates: [...told.map(({ gate }) => gate), ...later],
      problems: told.flatMap(({ answer, gate }) =>
        gate.verdict === "failed" ? [refusalOf({ ...answer, gate }, session.settings.stack)] : [],
      ),
    };
  });
}

/** What the gate of Dockerfiles says of what is still to be built. */
async function lintMissing(
  session: ForetellingSession,
  services: readonly ServiceToForetell[],
  gates: GateSettings,
): Promise<readonly Answer[]> {
  const policy = dockerfilePolicy(gates);
  const missing = services.filter(({ image }) => image === undefined).map(({ service }) => service);
  if (policy === undefined || missing.length === 0) return [];
  const { lintServices } = await import("./dockerfile.ts");
  return lintServices(session, missing, policy);
}

/** Whether the run signs what the gate of signatures misses; undefined where that can't be known. */
async function signingOf(
  session: JudgingSession,
  { signed }: GateSettings,
  answers: readonly Answer[],
): Promise<boolean | undefined> {
  const isMissed = answers.some(({ gate }) => gate.gate === "signed" && gate.verdict === "failed");
  if (signed === undefined || !isMissed) return false;
  const { willSign } = await import("./signed.ts");
  return willSign(session, signed.keys);
}

function gatesAfterBuild(gates: GateSettings): readonly Gate[] {
  const asked: readonly GateName[] = [
    ...(findingsPolicy(gates) === undefined ? [] : (["findings"] as const)),
    ...(imagePolicy(gates) === undefined ? [] : (["image checks"] as const)),
    ...(gates.signed === undefined ? [] : (["signed"] as const)),
  ];
  return asked.map((gate) => ({ gate, verdict: "not checked", message: "asked when the image is built" }));
}

/** What a gate says now, as what the run will hear. */
function foretold(answer: Answer, signing: boolean | undefined): Gate {
  const { gate, verdict, findings } = answer;
  if (gate.gate === "signed" && gate.verdict === "failed") {
    if (signing === true)
      return { gate: "signed", verdict: "passed", message: "the run signs the image first" };
    const message = `${gate.message ?? "not signed"}; the run signs it first, with what is not known here`;
    return signing === undefined ? { gate: "signed", verdict: "not checked", message } : gate;
  }
  const platforms = findings?.platforms ?? [];
  const open = platforms.filter(isOpen);
  const isRefused =
    verdict === "block" &&
    (platforms.length === 0 || platforms.some((one) => one.verdict === "block" && !isOpen(one)));
  if (isRefused || open.length === 0) return gate;
  const message = `the deployment waits for the scan of ${open.map(({ platform }) => platform).join(", ")}`;
  return { gate: "findings", verdict: "not checked", message };
}

/** Whether there is no result yet, but the run may get one. */
function isOpen({ unknown }: FindingsVerdict["platforms"][number]): boolean {
  return unknown !== undefined && unknown.waiver === undefined && awaited.includes(unknown.status);
}
