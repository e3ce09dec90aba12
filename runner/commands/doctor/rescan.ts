import { type EcrRescanDurationState, GetConfigurationCommand } from "@aws-sdk/client-inspector2";
import type { StackDescription } from "../../../config/description/description.ts";
import type { Problem } from "../../../config/problems/errors.ts";
import { type InspectorRescan, inspectorRescan, rescanCommand } from "../../../config/stack/scanning.ts";
import { hasCode } from "../../aws/errors.ts";
import { withClients } from "./aws.ts";
import type { Check } from "./document.ts";

/** Name of the check. */
const name = "re-scans";

/**
 * Checks that Inspector scans images again for as long as `slipway:scanning.rescan` says. Only this tells: Pulumi has
 * no resource for it, and AWS tells no caller whose images have left the scans. No check where the stack says nothing.
 *
 * https://docs.aws.amazon.com/inspector/v2/APIReference/API_GetConfiguration.html
 */
export async function checkRescan({ settings }: StackDescription, signal: AbortSignal): Promise<Check[]> {
  const { rescan } = settings.scanning;
  if (rescan === undefined) return [];
  const wanted = inspectorRescan(rescan);
  const found = await withClients(name, settings, signal, async ({ inspector2 }): Promise<Check> => {
    try {
      const { ecrConfiguration } = await inspector2.send(new GetConfigurationCommand({}), {
        abortSignal: signal,
      });
      return judgeRescan(wanted, ecrConfiguration?.rescanDurationState, settings.aws);
    } catch (error) {
      signal.throwIfAborted();
      // Without the right, or on a local AWS without Inspector, it is not known. That stops no deployment.
      if (hasCode(error, "access-denied")) return unseen(error.problems[0]);
      if (!(error instanceof Error && "$fault" in error)) throw error;
      return unseen({ message: `${error.message} (${error.name})` });
    }
  });
  return [found];
}

function unseen(problem?: Pick<Problem, "message" | "fix">): Check {
  const message = `how long Inspector scans images again was not seen: ${problem?.message}`;
  return { name, state: "warn", message, ...(problem?.fix === undefined ? {} : { fix: problem.fix }) };
}

/**
 * What is said of Inspector's setting.
 *
 * @param state as GetConfiguration has it; undefined where Inspector does not scan the account's images
 */
export function judgeRescan(
  wanted: InspectorRescan,
  state: EcrRescanDurationState | undefined,
  place: { readonly region: string; readonly profile?: string | undefined },
): Check {
  const { rescanDuration, pullDateRescanDuration, pullDateRescanMode } = state ?? {};
  const has = { rescanDuration, pullDateRescanDuration, pullDateRescanMode };
  const members = Object.keys(wanted) as (keyof InspectorRescan)[];
  const others = members.filter((member) => wanted[member] !== has[member]);
  if (others.length > 0) {
    const differing = others.map(
      (member) => `${member} is ${has[member] ?? "not set"}, not ${wanted[member]}`,
    );
    // What the stack does not say stays as it is.
    const kept = Object.fromEntries(Object.entries(has).filter(([, value]) => value !== undefined));
    const message = `Inspector differs from slipway:scanning.rescan: ${differing.join("; ")}`;
    return { name, state: "warn", message, fix: rescanCommand({ ...kept, ...wanted }, place) };
  }
  const values = members.map((member) => `${member} ${wanted[member]}`).join(", ");
  if (state?.status === "SUCCESS" || state?.status === undefined)
    return { name, state: "ok", message: `Inspector: ${values}` };
  const message =
    state.status === "PENDING"
      ? `Inspector is still changing to ${values}`
      : `Inspector could not change to ${values} (status ${state.status})`;
  const fix =
    state.status === "PENDING" ? "run slipway doctor again in some minutes" : rescanCommand(wanted, place);
  return { name, state: "warn", message, fix };
}
