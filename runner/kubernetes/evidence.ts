import { isAbort } from "../../config/problems/abort.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import type { Kubectl } from "./kubectl.ts";
import { eventSchema, listOf, type Pod, podSchema } from "./objects.ts";
import { containersToRead, podFaults, warningsOf } from "./pods.ts";

/** What to look for in a namespace. */
export interface Suspects {
  readonly namespace: string;
  /** `Deployment/ui`, as the follower names what is not well. */
  readonly objects: readonly string[];
  /** Whether an image is the one that was delivered: its pods come first. */
  isOurs(image: string): boolean;
}

const mostPods = 3;
const mostEvents = 6;
const logLines = 20;

/**
 * Why pods of a namespace do not run: their reasons, warnings among the events, and the last log lines. What
 * can't be read is a line, not an error: it only explains a failure.
 */
export async function collectPodEvidence(kubectl: Kubectl, suspects: Suspects): Promise<readonly string[]> {
  const { namespace } = suspects;
  const attempt = async (
    what: string,
    read: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> => {
    try {
      return await read();
    } catch (error) {
      if (isAbort(error)) throw error;
      return [`${what} of namespace ${namespace} can't be read: ${firstLine(error)}`];
    }
  };
  let faulty: readonly Pod[] = [];
  const pods = await attempt("pods", async () => {
    const read = listOf(podSchema).parse(await kubectl.json(["get", "pods", "--namespace", namespace]));
    faulty = choosePods(read.items, suspects);
    return faulty.flatMap(podFaults);
  });
  const events = await attempt("events", async () => {
    const args = ["get", "events", "--namespace", namespace, "--field-selector", "type=Warning"];
    const { items } = listOf(eventSchema).parse(await kubectl.json(args));
    const named = new Set([...suspects.objects, ...faulty.map(({ metadata }) => `Pod/${metadata.name}`)]);
    for (const { metadata } of faulty)
      for (const owner of metadata.ownerReferences ?? []) named.add(`${owner.kind}/${owner.name}`);
    return warningsOf(items, named, mostEvents);
  });
  const logs = await Promise.all(
    faulty.flatMap((pod) =>
      containersToRead(pod).map(({ name, previous }) =>
        attempt(`logs of ${pod.metadata.name}`, () =>
          lastLines(kubectl, namespace, pod.metadata.name, name, previous),
        ),
      ),
    ),
  );
  return [...pods, ...events, ...logs.flat()];
}

/** Pods of what was suspected that are not well; those with our image first. */
function choosePods(pods: readonly Pod[], { objects, isOurs }: Suspects): readonly Pod[] {
  const hasOurs = ({ spec }: Pod) => (spec?.containers ?? []).some(({ image = "" }) => isOurs(image));
  const names = objects.map((object) => object.slice(object.indexOf("/") + 1));
  const belongs = ({ metadata }: Pod) =>
    names.some((name) => metadata.name === name || metadata.name.startsWith(`${name}-`));
  const unwell = pods.filter((pod) => podFaults(pod).length > 0 && (hasOurs(pod) || belongs(pod)));
  return unwell.toSorted((one, other) => Number(hasOurs(other)) - Number(hasOurs(one))).slice(0, mostPods);
}

async function lastLines(
  kubectl: Kubectl,
  namespace: string,
  pod: string,
  container: string,
  previous: boolean,
): Promise<readonly string[]> {
  const args = ["logs", pod, "--namespace", namespace, "--container", container, `--tail=${logLines}`];
  const text = await kubectl.text(previous ? [...args, "--previous"] : args);
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  // hintFor tells log lines by their indentation.
  return lines.length === 0
    ? []
    : [`last log lines of ${pod}, ${container}:`, ...lines.map((line) => `  ${line}`)];
}
