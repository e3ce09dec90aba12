import pMap from "p-map";
import { UserError } from "../../../../config/problems/errors.ts";
import type { Forge } from "./forge.ts";

/** Another open pull request that changes a file of a proposal. */
export interface Rival {
  readonly number: number;
  /** Its page. */
  readonly url: string;
  /** The files that both change. */
  readonly paths: readonly string[];
}

/** The newest that are asked for their files: each is a call. */
const mostAsked = 20;

/**
 * The other open pull requests to the branch that change a file of this one. None where the server can't be asked:
 * the proposal is made by then.
 */
export async function rivalsOf(
  forge: Pick<Forge, "open" | "files">,
  number: number,
  base: string,
  paths: ReadonlySet<string>,
): Promise<readonly Rival[]> {
  try {
    const others = (await forge.open(base)).filter((one) => one.number !== number);
    const newest = others.toSorted((a, b) => b.number - a.number).slice(0, mostAsked);
    const found = await pMap(
      newest,
      async (other): Promise<Rival> => {
        const shared = (await forge.files(other.number)).filter((path) => paths.has(path));
        return { number: other.number, url: other.url, paths: shared };
      },
      { concurrency: 4 },
    );
    return found.filter((rival) => rival.paths.length > 0);
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** `; pull request #5 also changes apps/ui/kustomization.yaml: https://…`; nothing without rivals. */
export function describeRivals(rivals: readonly Rival[], noun: string): string {
  return rivals
    .map(({ number, url, paths }) => `; ${noun} #${number} also changes ${paths.join(", ")}: ${url}`)
    .join("");
}
