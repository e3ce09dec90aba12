import type { OutdatedService } from "../../bases/outdated.ts";
import type { NotRebuilt } from "./document.ts";

/** The services to build again, and those that can't be from this checkout. */
export interface ChosenRebuilds {
  readonly names: readonly string[];
  readonly skipped: readonly NotRebuilt[];
}

/**
 * The services whose base images have moved, and those that are built from them; both only where the checkout has
 * the source that runs. Another source would deploy a change that nobody asked for.
 *
 * @param hashes service → source hash in the checkout
 * @param needs service → services that it is built from
 */
export function chooseRebuilds(
  services: readonly OutdatedService[],
  hashes: ReadonlyMap<string, string>,
  needs: ReadonlyMap<string, readonly string[]>,
): ChosenRebuilds {
  const wanted = new Set(services.flatMap(({ service, moved }) => (moved.length > 0 ? [service] : [])));
  // Until nothing is added: a service that is built from one of these may itself be built from.
  for (let size = -1; size !== wanted.size; ) {
    size = wanted.size;
    for (const { service } of services) {
      if (needs.get(service)?.some((name) => wanted.has(name)) === true) wanted.add(service);
    }
  }
  const all = services.filter(({ service }) => wanted.has(service));
  const skipped = all.flatMap((one) => reasonToSkip(one, hashes.get(one.service)) ?? []);
  const left = new Set(skipped.map(({ service }) => service));
  return { names: all.map(({ service }) => service).filter((name) => !left.has(name)), skipped };
}

function reasonToSkip(
  { service, sourceHash, digest, commit }: OutdatedService,
  here: string | undefined,
): NotRebuilt | undefined {
  if (sourceHash === undefined) return { service, because: "unknown source" };
  if (sourceHash === here) return undefined;
  return {
    service,
    because: "other source",
    ...(digest === undefined ? {} : { running: digest }),
    ...(commit === undefined ? {} : { commit }),
  };
}

/** Why a service was left out: one line. */
export function skippedText({ service, because, running, commit }: NotRebuilt): string {
  if (because === "unknown source")
    return `${service}: its release does not say what source it was built from`;
  const at = commit === undefined ? "the commit that runs" : `commit ${commit.slice(0, 7)}`;
  const what = running === undefined ? "" : ` (${running.slice(0, "sha256:".length + 12)})`;
  return `${service}: the checkout has another source than what runs${what}; check out ${at}, or run slipway deploy: each build takes the newest base images`;
}
