import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Application,
  applicationSchema,
} from "../../runner/targets/gitops/follow/argocd/application.ts";
import type { Cluster } from "./cluster.ts";

/** Applications of a run, as Argo CD kept them, for the tests that have no Argo CD. */
export interface Recorder {
  /** Everything different that was seen since the last call, in its order. */
  taken(): readonly Application[];
  /** The Application now, as the API server has it. */
  now(): Promise<Application>;
  /** Writes the Application as it is now into the folder of recorded ones. */
  keep(name: string): Promise<void>;
  /** Writes the first that was seen since the last `taken` and that fits; says whether there was one. */
  keepSeen(name: string, fits: (application: Application) => boolean): Promise<boolean>;
  stop(): Promise<void>;
}

const folder = join(import.meta.dirname, "../unit/targets/gitops/follow/argocd/recorded");

/** What differs from run to run and that no verdict reads. */
const unread = ["uid", "resourceVersion", "managedFields", "generation", "creationTimestamp"];

/**
 * Looks at an Application several times a second, and keeps what is new.
 *
 * @param places texts of this run and what stands for them in a file: addresses with their ports
 */
export function recordApplication(
  cluster: Cluster,
  name: string,
  places: ReadonlyMap<string, string>,
): Recorder {
  const path = `/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/${name}`;
  const read = async () => (await cluster.call("GET", path)).body as object;
  let seen: object[] = [];
  let last = "";
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      const object = await read().catch(() => undefined);
      const text = JSON.stringify(object);
      if (object !== undefined && text !== last) {
        last = text;
        seen.push(object);
      }
      await sleep(100);
    }
  })();
  const write = async (as: string, object: object) => {
    await mkdir(folder, { recursive: true });
    let text = JSON.stringify(object, (key, value) => (unread.includes(key) ? undefined : value), 2);
    for (const [from, to] of places) text = text.replaceAll(from, to);
    await writeFile(join(folder, `${as}.json`), `${text}\n`);
  };
  return {
    taken: () => {
      const all = seen.map((object) => applicationSchema.parse(object));
      seen = [];
      return all;
    },
    now: async () => applicationSchema.parse(await read()),
    keep: async (as) => write(as, await read()),
    keepSeen: async (as, fits) => {
      const found = seen.find((object) => fits(applicationSchema.parse(object)));
      if (found !== undefined) await write(as, found);
      return found !== undefined;
    },
    stop: async () => {
      isOver = true;
      await loop;
    },
  };
}
