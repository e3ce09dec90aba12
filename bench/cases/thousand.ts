import { join } from "node:path";
import { expectOutcome } from "../project.ts";
import type { Case, Pair } from "../result.ts";
import { type ManyServices, manyServices } from "../stand-in/project.ts";
import { clone, folder } from "../world.ts";

const most = { kind: "seconds", most: 3, mostMebibytes: 300 } as const;

/** (g) A thousand services that are built and run, with nothing to do. */
export const thousand = {
  plan: { id: "g-plan-1000", title: "plan, nothing changed, 1,000 services", target: most },
  changed: { id: "g-changed-1000", title: "changed, 1,000 services", target: most },
  status: { id: "g-status-1000", title: "status of 1,000 services", target: most },
  deploy: {
    id: "g-nothing-changed-1000",
    title: "deploy, nothing changed, 1,000 services",
    target: { ...most, most: 4 },
  },
} as const satisfies Record<string, Case>;

export type ThousandCommand = keyof typeof thousand;

/** A project of a thousand services, in an account that the benchmark itself stands in for. */
export function thousandServices(signal: AbortSignal): Promise<ManyServices> {
  return manyServices(clone, join(folder, "thousand"), 1000, signal);
}

/** @param runs how often */
export async function measureThousand(
  project: ManyServices,
  command: ThousandCommand,
  runs: number,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let run = 0; run < runs; run++) {
    const ours = await project.slipway(command);
    if (command === "deploy") expectOutcome(ours, "nothing");
    pairs.push({ ours });
  }
  return pairs;
}
