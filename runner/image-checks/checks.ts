import prettyBytes from "pretty-bytes";
import type { GateLevel, ImagePolicy } from "../../config/stack/gates.ts";
import type { ImageContent } from "../registry/configuration.ts";
import { suspectedSecrets } from "./secrets.ts";

export type ImageCheckName = "user" | "secrets" | "healthcheck" | "size" | "layers" | "base age";

/** A check of one platform's image that did not pass. */
export interface ImageFault {
  readonly check: ImageCheckName;
  readonly level: Exclude<GateLevel, "off">;
  readonly message: string;
}

/** One platform's image, and what it replaces. */
export interface CheckedImage {
  readonly content: ImageContent;
  /** Compressed bytes of what targets run on the platform now; those that are known. */
  readonly runningBytes: readonly number[];
}

const megabyte = 1_000_000;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/**
 * What an image does not have as the stack wants it. A limit that is not set is not asked. Files in layers
 * (setuid programs, package managers) are out of scope: they would need a pull.
 */
export function checkImage(
  { content, runningBytes }: CheckedImage,
  policy: ImagePolicy,
  now: Date,
): readonly ImageFault[] {
  const faults: Readonly<Record<ImageCheckName, string | undefined>> = {
    user: userFault(content),
    secrets: secretsFault(content),
    healthcheck: content.healthcheck === undefined ? "has no HEALTHCHECK" : undefined,
    size: sizeFault(content, runningBytes, policy),
    layers: layersFault(content, policy),
    "base age": ageFault(content, policy, now),
  };
  const levels = { ...policy, "base age": policy.baseAge };
  return (Object.keys(faults) as ImageCheckName[]).flatMap((check) => {
    const message = faults[check];
    const level = levels[check];
    return message === undefined || level === "off" ? [] : [{ check, level, message }];
  });
}

/** USER may be a name or a number, with a group. https://github.com/opencontainers/image-spec/blob/main/config.md */
function userFault({ user }: ImageContent): string | undefined {
  const [name = ""] = user.split(":");
  if (name === "") return "runs as root: it names no USER";
  return name === "root" || /^0+$/.test(name) ? `runs as root: USER ${user}` : undefined;
}

function secretsFault(content: ImageContent): string | undefined {
  const found = suspectedSecrets(content);
  if (found.length === 0) return undefined;
  const named = found
    .slice(0, 3)
    .map(({ where, what, excerpt }) => `${where} looks like ${what} (${excerpt})`);
  const more = found.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

function sizeFault(
  { bytes }: ImageContent,
  runningBytes: readonly number[],
  { megabytes, growthPercent }: ImagePolicy,
): string | undefined {
  const size = `is ${prettyBytes(bytes)} compressed`;
  if (megabytes !== undefined && bytes > megabytes * megabyte)
    return `${size}, and the limit is ${megabytes} MB`;
  if (growthPercent === undefined || runningBytes.length === 0) return undefined;
  // The smallest of what runs: for that target it has grown the most.
  const before = Math.min(...runningBytes);
  const growth = before === 0 ? 0 : (bytes / before - 1) * 100;
  return growth > growthPercent
    ? `${size}, ${Math.round(growth)} % more than what runs (${prettyBytes(before)}), and the limit is ${growthPercent} %`
    : undefined;
}

function layersFault({ layers }: ImageContent, { mostLayers }: ImagePolicy): string | undefined {
  return mostLayers !== undefined && layers.length > mostLayers
    ? `has ${layers.length} layers, and the limit is ${mostLayers}`
    : undefined;
}

/** The lowest layer is the base image's. Reproducible builds date theirs to 1970: their age is not known. */
function ageFault({ history }: ImageContent, { baseDays }: ImagePolicy, now: Date): string | undefined {
  const made = Date.parse(history[0]?.at ?? "");
  if (baseDays === undefined || Number.isNaN(made) || made < Date.parse("2000-01-01")) return undefined;
  const days = Math.floor((now.getTime() - made) / dayMilliseconds);
  return days > baseDays
    ? `has a base image of ${new Date(made).toISOString().slice(0, 10)}, ${days} days old, and the limit is ${baseDays} days`
    : undefined;
}

/** Where a HEALTHCHECK counts, for the kinds of target that run the image. */
export function healthcheckPlaces(kinds: readonly string[]): string {
  const places = [
    ...(kinds.includes("ecs") ? ["ECS uses the health check of the task definition only"] : []),
    ...(kinds.includes("lambda") ? ["Lambda uses none"] : []),
  ];
  return places.join("; ");
}
