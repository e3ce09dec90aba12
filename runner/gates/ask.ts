import { type Problem, UserError } from "../../config/problems/errors.ts";
import { waiversFile } from "../../config/waivers.ts";
import type { GateOverride } from "../cli/override.ts";
import type { Session } from "../session/session.ts";
import type { Gate } from "../targets/gate.ts";
import { type Clock, systemClock } from "../targets/poll.ts";
import { movedServices, type ServiceToAsk } from "./baseline.ts";
import { type Answer, asksAnything, type JudgingSession, judge } from "./judge.ts";
import { optionOfGate, overridden } from "./override.ts";

/** A service of which the gates are asked, with what was asked before. */
interface AskedService extends ServiceToAsk {
  readonly about: { readonly gates: readonly Gate[] };
}

/** What asking needs of a session. */
export type AskingSession = JudgingSession & Pick<Session, "emit" | "timeline" | "caller">;

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
  const { gates: asked } = settings;
  const moving = movedServices(services);
  if (!asksAnything(asked) || moving.length === 0) return services;
  return timeline.run({ id: "gates", title: "Ask the gates" }, async ({ conclude }) => {
    const judgement = await judge(session, moving, asked, clock);
    for (const message of judgement.notices) emit({ kind: "notice", message });
    const answers = judgement.answers.map((answer) => ({
      ...answer,
      gate: overridden(answer.gate, override, caller.arn),
    }));
    for (const { service, gate, verdict } of answers) {
      if (gate.verdict === "failed" || verdict === "pass") continue;
      const message = `${service}: ${gate.gate}: ${gate.message ?? ""}`;
      emit({ kind: "warning", code: "gate-warned", message });
    }
    const failed = answers.filter(({ gate }) => gate.verdict === "failed");
    if (failed.length > 0) {
      const problems = failed.map((answer) => refusalOf(answer, settings.stack));
      throw new UserError(problems, { exitCode: 3 });
    }
    conclude("done", summaryOf(answers.map(({ gate }) => gate)));
    const byService = Map.groupBy(answers, ({ service }) => service);
    return services.map((one) => {
      const own = (byService.get(one.service.name) ?? []).map(({ gate }) => gate);
      return own.length === 0
        ? one
        : { ...one, about: { ...one.about, gates: [...one.about.gates, ...own] } };
    });
  });
}

/** Why a gate refuses an image, and how to go on. */
export function refusalOf({ service, gate }: Answer, stack: string): Problem {
  const option = optionOfGate(gate.gate);
  const accept = gate.gate === "findings" ? `, accept a finding until a day in ${waiversFile}` : "";
  const repair = repairs[gate.gate] ?? "correct the image";
  return {
    code: "gate-failed",
    where: `${service} on ${stack}`,
    key: gate.gate,
    message: gate.message ?? "refused",
    fix: `${repair}${accept}, or run the command with --override-gate ${option} --reason "…"`,
  };
}

const repairs: Readonly<Partial<Record<Gate["gate"], string>>> = {
  signed: "sign the image with one of the keys",
  dockerfile: "correct the Dockerfile, or leave a check out there with # check=skip=…",
};

function summaryOf(gates: readonly Gate[]): string {
  const counts = Map.groupBy(gates, ({ gate, verdict }) => `${gate} ${verdict}`);
  return [...counts].map(([what, some]) => (some.length === 1 ? what : `${some.length} ${what}`)).join(", ");
}
