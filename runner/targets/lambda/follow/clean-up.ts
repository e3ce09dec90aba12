import { firstLine } from "../../../../config/problems/first-line.ts";
import { listAliases } from "../../../aws/function-aliases.ts";
import type { RunEvent } from "../../../report/events.ts";
import type { FoundAlias } from "../state.ts";
import { removeProvisioned } from "./provisioned.ts";
import type { FunctionUpdate } from "./until.ts";
import { deleteVersion, isUsed, listVersions, surplusVersions } from "./versions.ts";

type Warn = (warning: Omit<Extract<RunEvent, { kind: "warning" }>, "kind">) => void;

/**
 * Runs after the alias has moved to its new version. Removes the provisioned concurrency of the previous
 * version and of versions that were never used, and deletes versions beyond `keepVersions`. A failure is a
 * warning: the deployment itself is done.
 *
 * @returns versions that were deleted
 */
export async function cleanUp(
  update: FunctionUpdate,
  version: string,
  previous: FoundAlias | undefined,
  warn: Warn,
): Promise<readonly string[]> {
  const { target } = update;
  const idle = idleVersions(previous).filter((one) => one !== version);
  if (idle.length === 0 && target.keepVersions === undefined) return [];
  const where = `Lambda function ${target.function}`;
  const deleted: string[] = [];
  try {
    const aliases = await listAliases(update.clients, update.target.function, update.signal);
    for (const old of idle.filter((one) => !isUsed(one, aliases))) {
      await removeProvisioned(update, old).catch((error: unknown) =>
        warn({
          code: "provisioned-concurrency-left",
          message: `${where}: version ${old} keeps its provisioned concurrency, and costs: ${firstLine(error)}`,
          fix: "delete it in the console, or deploy again",
        }),
      );
    }
    if (target.keepVersions === undefined) return deleted;
    const needed = [version, ...(previous === undefined ? [] : [previous.version])];
    const surplus = surplusVersions(await listVersions(update), aliases, target.keepVersions, needed);
    const failures: string[] = [];
    for (const old of surplus) {
      await deleteVersion(update, old).then(
        () => deleted.push(old),
        (error: unknown) => failures.push(`version ${old}: ${firstLine(error)}`),
      );
    }
    if (failures.length > 0) {
      warn({
        code: "versions-left",
        message: `${where}: ${failures.length} of ${surplus.length} old versions could not be deleted: ${failures[0]}`,
      });
    }
  } catch (error) {
    warn({
      code: "versions-left",
      message: `${where}: old versions were not cleaned up: ${firstLine(error)}`,
    });
  }
  return deleted;
}

/** Versions with provisioned concurrency: the previous one, and those that killed runs left. */
function idleVersions(previous: FoundAlias | undefined): string[] {
  if (previous === undefined) return [];
  const { version, provisioned = 0, left = [] } = previous;
  return [...(provisioned > 0 ? [version] : []), ...left.map((one) => one.version)];
}
