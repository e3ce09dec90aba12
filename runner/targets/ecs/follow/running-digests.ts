import type { Clients } from "../../../aws/clients.ts";
import type { Image } from "../../../registry/image.ts";
import type { Clock } from "../../poll.ts";
import { failedTasks } from "../tasks/stops.ts";
import { listTasks, proveImages, type TaskQuery } from "../tasks/tasks.ts";
import { createSteadiness } from "./steadiness.ts";

/** How long agents may take to report their image, once all tasks exist. */
const reportMilliseconds = 15_000;

/** Whether a deployment that ECS calls complete runs the image and keeps running. */
export type Proof =
  | { readonly kind: "open" }
  | { readonly kind: "proven"; readonly note: string }
  | { readonly kind: "wrong image"; readonly tasks: readonly string[] }
  | { readonly kind: "tasks keep stopping" };

/**
 * Looks at the tasks themselves, because a deployment's state does not say what they run. Success means the
 * pushed digest in every task.
 *
 * @param images container → image that it must run
 * @returns a look to repeat while it is open
 */
export function createProof(
  clients: Clients,
  query: TaskQuery,
  images: Readonly<Record<string, Image>>,
  clock: Clock,
): (desired: number, signal: AbortSignal) => Promise<Proof> {
  const steadiness = createSteadiness(clock);
  let firstLook: number | undefined;
  return async (desired, signal) => {
    firstLook ??= clock.now();
    const [running, stopped] = await Promise.all([
      listTasks(clients, query, "RUNNING", signal),
      listTasks(clients, query, "STOPPED", signal),
    ]);
    const proof = proveImages(running, images);
    if (proof.wrong.length > 0) return { kind: "wrong image", tasks: proof.wrong };
    const steady = steadiness(running, failedTasks(stopped));
    if (steady === "failing") return { kind: "tasks keep stopping" };
    if (steady === "waiting") return { kind: "open" };
    if (proof.matching >= desired) return { kind: "proven", note: "" };
    const late = clock.now() - firstLook > reportMilliseconds;
    return late && proof.matching + proof.unreported >= desired
      ? { kind: "proven", note: "; the agent did not report the image's digest" }
      : { kind: "open" };
  };
}
