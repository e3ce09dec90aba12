import pMap from "p-map";
import type { ImagePolicy } from "../../config/stack/gates.ts";
import type { Clients } from "../aws/clients.ts";
import { checkImage, healthcheckPlaces, type ImageFault } from "../image-checks/checks.ts";
import { readContent } from "../registry/configuration.ts";
import { connectToRegistry, type RegistryConnection } from "../registry/connection.ts";
import type { Gate } from "../targets/gate.ts";
import type { CopiedFrom, Replaced, ServiceToAsk } from "./baseline.ts";

/** What the image checks say of one service's image. */
export interface ImageVerdict {
  readonly service: string;
  readonly verdict: "block" | "warn" | "pass";
  readonly platforms: readonly { readonly platform: string; readonly faults: readonly ImageFault[] }[];
  /** Where a HEALTHCHECK counts for the targets that run it. */
  readonly healthcheck: string;
}

/** Checks an image on the platforms that targets are moved to: a manifest and a blob for each. */
export async function judgeImage(
  clients: Clients,
  registry: RegistryConnection,
  { service, image, targets, copiedFrom }: ServiceToAsk,
  { platforms, running }: Replaced,
  policy: ImagePolicy,
): Promise<ImageVerdict> {
  const own = { clients, registry, repository: image.repository };
  const now = copiedFrom?.isCopied === false ? placeOf(copiedFrom, registry.signal) : own;
  const read = (place: typeof own, digest: string) =>
    readContent(place.clients, place.registry, place.repository, digest);
  const isCompared = policy.growthPercent !== undefined && policy.size !== "off";
  const checked = await pMap(
    platforms,
    async (platform) => {
      const digest = image.manifests[platform] ?? image.digest;
      const before = isCompared ? (running[platform] ?? []).flatMap((one) => one ?? []) : [];
      const [content, ...old] = await Promise.all([
        read(now, digest),
        ...before.map((one) => read(own, one)),
      ]);
      // The gate "image" has found it, with all its platforms.
      if (content === undefined)
        throw new Error(`${image.repository}@${digest} is not an image of the registry`);
      const runningBytes = old.flatMap((one) => one?.bytes ?? []);
      return { platform, faults: checkImage({ content, runningBytes }, policy, new Date()) };
    },
    { concurrency: 4, signal: registry.signal },
  );
  const levels = checked.flatMap(({ faults }) => faults.map(({ level }) => level));
  return {
    service: service.name,
    verdict: levels.includes("block") ? "block" : levels.includes("warn") ? "warn" : "pass",
    platforms: checked,
    healthcheck: healthcheckPlaces(targets.map(({ target }) => target.kind)),
  };
}

function placeOf({ clients, registry, repository }: CopiedFrom, signal: AbortSignal) {
  return { clients, registry: connectToRegistry(clients, registry, signal), repository };
}

/** The verdict as the gate of a release record. */
export function imageChecksGate(verdict: ImageVerdict): Gate {
  return {
    gate: "image checks",
    verdict: verdict.verdict === "block" ? "failed" : "passed",
    message: imageChecksMessage(verdict),
  };
}

/** What the checks found, one line: `linux/amd64, linux/arm64: user: runs as root: it names no USER (block)`. */
export function imageChecksMessage({ platforms, healthcheck }: ImageVerdict): string {
  const texts = platforms.map(({ platform, faults }) => ({
    platform,
    text: faults
      .map(({ check, level, message }) => {
        const where = check === "healthcheck" && healthcheck !== "" ? `; ${healthcheck}` : "";
        return `${check}: ${message}${where} (${level === "block" ? "blocks" : "warning"})`;
      })
      .join(", "),
  }));
  return [...Map.groupBy(texts, ({ text }) => text)]
    .map(([text, some]) => {
      const names = some.map(({ platform }) => platform).join(", ");
      return `${names}: ${text === "" ? "as the stack wants it" : text}`;
    })
    .join("; ");
}
