import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { machineNames } from "../../folder.ts";
import { identify } from "../../process/identity.ts";
import { stopProcesses } from "../../process/stop.ts";

const mountPoint = "/sys/fs/cgroup";

/**
 * Ends everything that runs in the sandbox's control groups (containers whose daemon was killed) and
 * removes them.
 */
export async function removeControlGroups(id: string): Promise<void> {
  const groups = await controlGroups(id);
  for (let attempt = 0; attempt < 3; attempt++) {
    const processes = await Promise.all((await Promise.all(groups.map(processesBelow))).flat().map(alive));
    const left = processes.filter((each) => each !== undefined);
    if (left.length === 0) break;
    await stopProcesses(left, 0);
  }
  await Promise.all(groups.map(removeBelow));
}

/** The sandbox's groups: one, or with the kernel's first version of control groups one per controller. */
async function controlGroups(id: string): Promise<string[]> {
  const { controlGroup } = machineNames(id);
  const controllers = await readdir(mountPoint).catch((): string[] => []);
  const candidates = [mountPoint, ...controllers.map((name) => join(mountPoint, name))];
  const found = await Promise.all(
    candidates.map(async (parent) =>
      (await readdir(parent).catch((): string[] => [])).includes(controlGroup)
        ? join(parent, controlGroup)
        : undefined,
    ),
  );
  return found.filter((path) => path !== undefined);
}

async function processesBelow(group: string): Promise<number[]> {
  const own = await readFile(join(group, "cgroup.procs"), "utf8").catch(() => "");
  const children = await subgroups(group);
  const below = await Promise.all(children.map(processesBelow));
  return [
    ...own
      .split("\n")
      .filter((line) => line !== "")
      .map(Number),
    ...below.flat(),
  ];
}

async function alive(pid: number) {
  return identify(pid).catch(() => undefined);
}

async function removeBelow(group: string): Promise<void> {
  await Promise.all((await subgroups(group)).map(removeBelow));
  await rmdir(group).catch(() => {});
}

async function subgroups(group: string): Promise<string[]> {
  const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(group, entry.name));
}
