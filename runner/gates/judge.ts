import pMap from "p-map";
import { loadWaivers } from "../../config/description/waivers.ts";
import {
  type FindingsPolicy,
  findingsPolicy,
  type GateSettings,
  imagePolicy,
} from "../../config/stack/gates.ts";
import type { Waiver } from "../../config/waivers.ts";
import { ifAllowed } from "../aws/errors.ts";
import type { PlatformScan } from "../findings/finding.ts";
import { type ScanLimits, scanImage } from "../findings/scan.ts";
import { connectToRegistry } from "../registry/connection.ts";
import type { Image } from "../registry/image.ts";
import type { Session } from "../session/session.ts";
import type { Gate } from "../targets/gate.ts";
import type { Clock } from "../targets/poll.ts";
import { type CopiedFrom, type Replaced, readReplaced, type ServiceToAsk } from "./baseline.ts";
import { decideFindings, type FindingsVerdict, type Running } from "./decide.ts";
import { findingsGate } from "./phrase.ts";
import { waiverNotices } from "./waivers.ts";
import { withOrigins } from "./whose.ts";

/** What the gates need of a session. */
export type JudgingSession = Pick<
  Session,
  "catalogue" | "clients" | "directory" | "registry" | "settings" | "signal"
>;

/** What one gate says of one service's image, before anybody overrides it. */
export interface Answer {
  readonly service: string;
  readonly gate: Gate;
  readonly verdict: "block" | "warn" | "pass";
  /** The verdict in detail, of the gate of findings. */
  readonly findings?: FindingsVerdict;
  /** What else should be known. */
  readonly notices?: readonly string[];
}

export interface Judgement {
  readonly answers: readonly Answer[];
  /** What should be known of waivers. */
  readonly notices: readonly string[];
}

/** Services whose images are judged at the same time. */
const parallelServices = 8;

/** Whether a stack's settings ask anything. */
export function asksAnything(gates: GateSettings | undefined): gates is GateSettings {
  if (gates === undefined) return false;
  return (
    findingsPolicy(gates) !== undefined || imagePolicy(gates) !== undefined || gates.signed !== undefined
  );
}

/**
 * Asks all gates of a stack about the images of services, and what they replace.
 *
 * @param waitSeconds how long to wait for scans; 0: look only, and start none. Default: as the stack says
 */
export async function judge(
  session: JudgingSession,
  services: readonly ServiceToAsk[],
  gates: GateSettings,
  clock: Clock,
  waitSeconds?: number,
): Promise<Judgement> {
  const { clients, signal, directory, catalogue } = session;
  const policy = findingsPolicy(gates);
  const checks = imagePolicy(gates);
  // One token for all images; fetched with the first request.
  const registry = connectToRegistry(clients, session.registry, signal);
  const waivers = policy === undefined ? [] : await loadWaivers(directory, catalogue);
  const now = new Date(clock.now());
  const answers = await pMap(
    services,
    async (one): Promise<readonly Answer[]> => {
      const replaced = await readReplaced(clients, one, services, signal);
      // Its container keeps its image, or its target's own image is still to be built.
      if (replaced.platforms.length === 0) return [];
      const [findings, image, signed] = await Promise.all([
        policy === undefined
          ? undefined
          : judgeFindings(session, one, replaced, policy, { waitSeconds, clock, waivers, now }),
        checks === undefined
          ? undefined
          : import("./image.ts").then(async ({ imageChecksGate, judgeImage }): Promise<Answer> => {
              const verdict = await judgeImage(clients, registry, one, replaced, checks);
              return { service: verdict.service, gate: imageChecksGate(verdict), verdict: verdict.verdict };
            }),
        gates.signed === undefined ? undefined : judgeSignature(session, one, gates.signed),
      ]);
      return [findings, image, signed].flatMap((answer) => answer ?? []);
    },
    { concurrency: parallelServices, signal },
  );
  const all = answers.flat();
  const notices = all.flatMap((answer) => answer.notices ?? []);
  return { answers: all, notices: [...notices, ...noticesOf(waivers, all, services, session, now)] };
}

async function judgeSignature(
  session: JudgingSession,
  { service, image, copiedFrom }: ServiceToAsk,
  signed: NonNullable<GateSettings["signed"]>,
): Promise<Answer> {
  const { signedGate } = await import("./signed.ts");
  // A promotion copies the signatures from there.
  const gate = await signedGate(session, image, signed, copiedFrom);
  return { service: service.name, gate, verdict: gate.verdict === "failed" ? "block" : "pass" };
}

interface Asking {
  readonly waitSeconds: number | undefined;
  readonly clock: Clock;
  readonly waivers: readonly Waiver[];
  readonly now: Date;
}

async function judgeFindings(
  session: JudgingSession,
  { service, image, copiedFrom }: ServiceToAsk,
  replaced: Replaced,
  policy: FindingsPolicy,
  { waitSeconds = policy.waitSeconds, clock, waivers, now }: Asking,
): Promise<Answer> {
  const { source, maxAgeDays } = policy;
  const limits = { source, waitSeconds, maxAgeDays };
  const manifests = Object.entries(image.manifests).filter(([platform]) =>
    replaced.platforms.includes(platform),
  );
  const wanted = { ...image, manifests: Object.fromEntries(manifests) };
  const [scans, running, vex] = await Promise.all([
    copiedFrom?.isCopied === false
      ? scanOfCopied(session, wanted, copiedFrom, limits, clock)
      : scanImage(session, wanted, limits, clock),
    policy.onlyNew ? scanRunning(session, image, replaced.running, limits, clock) : {},
    policy.vex === "off" ? undefined : attachedVex(session, image, policy.vex, copiedFrom),
  ]);
  const claim = vex === undefined ? {} : { vex: vex.claim };
  const question = { service: service.name, scans, running, ...claim };
  const decided = decideFindings(question, policy, waivers, now);
  const findings = await withOrigins(session, image, scans, decided);
  const gate = findingsGate(findings);
  return { service: service.name, gate, verdict: findings.verdict, findings, notices: vex?.notices ?? [] };
}

async function attachedVex(
  session: JudgingSession,
  image: Image,
  mode: FindingsPolicy["vex"],
  copiedFrom: CopiedFrom | undefined,
) {
  const { vexOf } = await import("./vex.ts");
  return vexOf(session, image, mode, copiedFrom);
}

/** The scans of an image where a promotion will copy it from; another stack's role may not be allowed to read them. */
async function scanOfCopied(
  session: JudgingSession,
  { manifests }: Pick<Image, "manifests">,
  { clients, repository, registry }: CopiedFrom,
  limits: ScanLimits,
  clock: Clock,
): Promise<readonly PlatformScan[]> {
  const image = { repository, registry, manifests };
  const scans = await ifAllowed(scanImage({ ...session, clients }, image, limits, clock));
  const reason = `these credentials may not read the scans of ${repository}`;
  const result = { state: "unknown", status: "NOT_SCANNED", reason } as const;
  return scans ?? Object.entries(manifests).map(([platform, digest]) => ({ platform, digest, result }));
}

/** The scans of what runs now, each digest looked at once; an old image's result counts as far as it is there. */
async function scanRunning(
  session: JudgingSession,
  { repository, registry }: Pick<Image, "repository" | "registry">,
  running: Replaced["running"],
  limits: ScanLimits,
  clock: Clock,
): Promise<Readonly<Record<string, readonly Running[]>>> {
  const digests = [...new Set(Object.values(running).flat())].flatMap((digest) => digest ?? []);
  const manifests = Object.fromEntries(digests.map((digest) => [digest, digest]));
  // ECR has scanned it, or will not now; a scanner of this machine keeps no results.
  const waitSeconds = limits.source === "ecr" ? 0 : limits.waitSeconds;
  const image = { repository, registry, manifests };
  const scans = await scanImage(session, image, { ...limits, waitSeconds }, clock);
  const byDigest = new Map(scans.map((scan): [string, PlatformScan] => [scan.digest, scan]));
  return Object.fromEntries(
    Object.entries(running).map(([platform, targets]) => [
      platform,
      targets.map((digest): Running => {
        const scan = digest === undefined ? undefined : byDigest.get(digest);
        return scan === undefined ? "none" : { digest: scan.digest, result: scan.result };
      }),
    ]),
  );
}

/** What to say of waivers. Whether one is unused is known only when every service that it names was asked. */
function noticesOf(
  waivers: readonly Waiver[],
  answers: readonly Answer[],
  services: readonly ServiceToAsk[],
  { catalogue }: Pick<JudgingSession, "catalogue">,
  now: Date,
): readonly string[] {
  const used = new Set(answers.flatMap(({ findings }) => [...(findings?.used ?? [])]));
  const asked = new Set(services.map(({ service }) => service.name));
  const all = catalogue.services.map(({ name }) => name);
  const telling = waivers.filter(
    (waiver) => used.has(waiver) || (waiver.services ?? all).every((name) => asked.has(name)),
  );
  return waiverNotices(telling, used, now);
}
