import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import { describeEntry } from "../../registry/entry.ts";
import { parseReference } from "../../registry/reference.ts";
import type { ProjectContext } from "../image-use.ts";
import { referencesAt } from "./places.ts";

/**
 * The digests of what the places of a target name by tag alone. The registry is asked only for a target that is
 * written so; a tag that it does not have is left out.
 */
export async function resolveTags(
  target: Pick<GitopsTarget, "files" | "write">,
  texts: ReadonlyMap<string, string>,
  { clients, signal }: Pick<ProjectContext, "clients" | "signal">,
): Promise<ReadonlyMap<string, string>> {
  const resolved = new Map<string, string>();
  if (target.write !== "tag") return resolved;
  for (const { reference } of referencesAt(target, texts)) {
    const { repository, tag, digest } = parseReference(reference ?? "") ?? {};
    if (reference === undefined || resolved.has(reference)) continue;
    if (repository === undefined || tag === undefined || digest !== undefined) continue;
    const entry = await describeEntry(clients, repository, { imageTag: tag }, signal);
    if (entry !== undefined) resolved.set(reference, entry.digest);
  }
  return resolved;
}
