import type { Image } from "../registry/image.ts";
import type { ReleaseRecord } from "../release/record.ts";
import type { Gate } from "../targets/gate.ts";
import type { TargetOutcome, TargetPlan } from "../targets/target.ts";

/** The verdict of the gate "image": the registry has the image with all its platforms. */
export function imageGate({ manifests }: Image): Gate {
  return { gate: "image", verdict: "passed", message: Object.keys(manifests).join(", ") };
}

/** The gates of a target; none for one that was only found to run its image. */
export function gatesOfTarget({ title, action, gates = [] }: TargetPlan, outcome: TargetOutcome | undefined) {
  const isAsked = outcome !== undefined && (outcome.outcome !== "unchanged" || action === "prove");
  const all = isAsked ? [...gates, ...(outcome.gates ?? [])] : [];
  return all.map((gate) => ({ ...gate, target: title }));
}

/** `newest wins: overridden, a newer commit is already deployed: …`, for those that say more than "passed". */
export function notedGates(record: Pick<ReleaseRecord, "gates"> | undefined): string[] {
  return (record?.gates ?? [])
    .filter(({ verdict }) => verdict !== "passed")
    .map(({ gate, verdict, message, target }) => {
      const of = target === undefined ? gate : `${gate} of ${target}`;
      return `${of}: ${verdict}${message === undefined ? "" : `, ${message}`}`;
    });
}
