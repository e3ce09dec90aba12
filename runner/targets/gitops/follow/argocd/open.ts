import type { ArgocdSettings } from "../../../../../config/targets/gitops/follow.ts";
import type { Clock } from "../../../poll.ts";
import { readByApi } from "./by-api.ts";
import { readByKubectl } from "./by-kubectl.ts";
import type { ApplicationReader } from "./reader.ts";

/** Reads Applications in the way that the settings ask for: Argo CD's own API where they name it, else kubectl. */
export function openReader(
  settings: ArgocdSettings,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): ApplicationReader {
  return settings.server === undefined
    ? readByKubectl(settings, { signal, clock })
    : readByApi(settings, settings.server, { signal });
}
