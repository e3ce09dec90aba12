import { isDeepStrictEqual } from "node:util";
import type { SimpleGit } from "simple-git";
import { parseYaml } from "../../config/problems/yaml.ts";

/** What the engine writes into a stack's file by itself, with the first `pulumi up` of a clone. */
const engineKeys = ["encryptionsalt", "encryptedkey", "secretsprovider"];

const isStackFile = /^Pulumi\.[^/]+\.yaml$/;

/**
 * Of the paths that differ from the commit those that differ by what somebody did. A stack's file that
 * only the engine has written into says the same as before.
 *
 * @param paths relative to the directory that git works in
 * @param read text of a path as it is; undefined when there is none
 */
export async function withoutEngineKeys(
  git: SimpleGit,
  paths: readonly string[],
  read: (path: string) => Promise<string | undefined>,
): Promise<string[]> {
  const kept = await Promise.all(
    paths.map(async (path) => {
      if (!isStackFile.test(path)) return [path];
      const [before, now] = await Promise.all([
        git.raw(["show", `HEAD:./${path}`]).catch(() => undefined),
        read(path),
      ]);
      const same = before !== undefined && now !== undefined && differOnlyByEngine(before, now);
      return same ? [] : [path];
    }),
  );
  return kept.flat();
}

/** Whether two texts of a stack's file say the same but for the engine's own keys. */
export function differOnlyByEngine(before: string, now: string): boolean {
  const [one, other] = [before, now].map((text) => parseYaml(text, "stack"));
  if (one === undefined || other === undefined || !("value" in one) || !("value" in other)) return false;
  return isDeepStrictEqual(withoutKeys(one.value), withoutKeys(other.value));
}

function withoutKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([key]) => !engineKeys.includes(key)));
}
