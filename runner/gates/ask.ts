import pMap from "p-map";
import { loadWaivers } from "../../config/description/waivers.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import { type FindingsPolicy, findingsPolicy } from "../../config/stack/gates.ts";
import { type Waiver, waiversFile } from "../../config/waivers.ts";
import type { PlatformScan } from "../findings/finding.ts";
import { type ScanLimits, scanImage } from "../findings/scan.ts";
import type { Session } from "../session/session.ts";
import type { Gate } from "../targets/gate.ts";
import { type Clock, systemClock } from "../targets/poll.ts";
import { isMove } from "../targets/target.ts";
import { readReplaced, type ServiceToAsk } from "./baseline.ts";
import { decideFindings, type FindingsVerdict, type Running } from "./decide.ts";
import { type GateOverride, overridden } from "./override.ts";
import { findingsGate, findingsMessage } from "./phrase.ts";
import { waiverNotices } from "./waivers.ts";

/** A service of which the gates are asked, with what was asked before. */
interface AskedService extends ServiceToAsk {
  readonly about: { readonly gates: readonly Gate[] };
}

/** What the gates need of a session. */
export type AskingSession = Pick<
  Session,
  "catalogue" | "clients" | "directory" | "emit" | "settings" | "signal" | "timeline" | "caller"
>;

/** Services whose findings are judged at the same time. */
const parallelServices = 8;

/**
 * Asks the stack's gates about the images that targets are to be moved to, and adds what they say to the
 * release records. Nothing is asked of services whose targets stay as they are.
 *
 * @throws UserError `gate-failed` with exit code 3 when a gate refuses an image and nobody overrides it
 */
export async function askGates<S extends AskedService>(
  session: AskingSession,
  services: readonly S[],
  override: GateOverride | undefined,
  clock: Clock = systemClock,
): Promise<readonly S[]> {
  const { settings, timeline, emit, caller } = session;
  const policy = settings.gates === undefined ? undefined : findingsPolicy(settings.gates);
  if (policy === undefined) return services;
  const moving = services.filter(({ targets }) => targets.some(isMove));
  if (moving.length === 0) return services;
  return timeline.run({ id: "gates", title: "Ask the gates" }, async ({ conclude }) => {
    const { verdicts, notices } = await judgeFindings(session, moving, policy, policy, clock);
    for (const message of notices) emit({ kind: "notice", message });
    const gates = new Map(
      verdicts.map((verdict) => [verdict.service, overridden(findingsGate(verdict), override, caller.arn)]),
    );
    for (const verdict of verdicts) {
      const gate = gates.get(verdict.service);
      if (gate === undefined || gate.verdict === "failed" || verdict.verdict === "pass") continue;
      const message = `${verdict.service}: ${gate.gate}: ${gate.message ?? ""}`;
      emit({ kind: "warning", code: "gate-warned", message });
    }
    const failed = verdicts.filter(({ service }) => gates.get(service)?.verdict === "failed");
    if (failed.length > 0) {
      const problems = failed.map((verdict) => refusalOf(verdict, settings.stack));
      throw new UserError(problems, { exitCode: 3 });
    }
    conclude("done", summaryOf([...gates.values()]));
    return services.map((one) => {
      const gate = gates.get(one.service.name);
      return gate === undefined
        ? one
        : { ...one, about: { ...one.about, gates: [...one.about.gates, gate] } };
    });
  });
}

/**
 * Scans the images of services and what they replace, and judges the findings.
 *
 * @param limits how long to wait for scans of the new images. What runs now is only looked at
 */
export async function judgeFindings(
  session: Pick<AskingSession, "catalogue" | "clients" | "directory" | "settings" | "signal">,
  services: readonly ServiceToAsk[],
  policy: FindingsPolicy,
  limits: ScanLimits,
  clock: Clock = systemClock,
): Promise<{ readonly verdicts: readonly FindingsVerdict[]; readonly notices: readonly string[] }> {
  const { clients, signal, directory, catalogue } = session;
  const waivers = await loadWaivers(directory, catalogue);
  const now = new Date(clock.now());
  const verdicts = await pMap(
    services,
    async (one) => {
      const { service, image } = one;
      const replaced = await readReplaced(clients, one, services, signal);
      const wanted = {
        repository: image.repository,
        manifests: Object.fromEntries(
          replaced.platforms.flatMap((platform) => {
            const digest = image.manifests[platform];
            return digest === undefined ? [] : [[platform, digest]];
          }),
        ),
      };
      const [scans, running] = await Promise.all([
        scanImage(session, wanted, limits, clock),
        policy.onlyNew ? scanRunning(session, image.repository, replaced.running, limits, clock) : {},
      ]);
      return decideFindings({ service: service.name, scans, running }, policy, waivers, now);
    },
    { concurrency: parallelServices, signal },
  );
  return { verdicts, notices: noticesOf(waivers, verdicts, services, session, now) };
}

/** The scans of what runs now, each digest looked at once. An old image's result counts as far as it is there. */
async function scanRunning(
  session: Pick<AskingSession, "clients" | "settings" | "signal">,
  repository: string,
  running: Readonly<Record<string, readonly (string | undefined)[]>>,
  { maxAgeDays }: ScanLimits,
  clock: Clock,
): Promise<Readonly<Record<string, readonly Running[]>>> {
  const digests = [...new Set(Object.values(running).flat())].flatMap((digest) => digest ?? []);
  const manifests = Object.fromEntries(digests.map((digest) => [digest, digest]));
  const scans = await scanImage(session, { repository, manifests }, { waitSeconds: 0, maxAgeDays }, clock);
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
  verdicts: readonly FindingsVerdict[],
  services: readonly ServiceToAsk[],
  { catalogue }: Pick<AskingSession, "catalogue">,
  now: Date,
): readonly string[] {
  const used = new Set(verdicts.flatMap((verdict) => [...verdict.used]));
  const asked = new Set(services.map(({ service }) => service.name));
  const all = catalogue.services.map(({ name }) => name);
  const telling = waivers.filter(
    (waiver) => used.has(waiver) || (waiver.services ?? all).every((name) => asked.has(name)),
  );
  return waiverNotices(telling, used, now);
}

/** Why a gate refuses an image, and how to go on. */
export function refusalOf(verdict: FindingsVerdict, stack: string): Problem {
  return {
    code: "gate-failed",
    where: `${verdict.service} on ${stack}`,
    key: "findings",
    message: findingsMessage(verdict),
    fix: `correct the image, accept a finding until a day in ${waiversFile}, or run the command with --override-gate findings --reason "…"`,
  };
}

function summaryOf(gates: readonly Gate[]): string {
  const counts = Map.groupBy(gates, ({ gate, verdict }) => `${gate} ${verdict}`);
  return [...counts].map(([what, some]) => (gates.length === 1 ? what : `${some.length} ${what}`)).join(", ");
}
