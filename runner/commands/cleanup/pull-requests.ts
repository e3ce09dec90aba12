import type { Settings } from "../../../config/settings.ts";
import { placeholdersIn, tagFormats } from "../../../config/stack/tags.ts";

/**
 * Finds the number of the pull request in a tag, by the formats of `slipway:tags` that have `{pr}` and by `pr-<n>`,
 * which every preset uses.
 */
export function pullRequestTags({ tags }: Pick<Settings, "tags">): (tag: string) => number | undefined {
  const formats = tagFormats(tags).map(({ format }) => format);
  const own = formats.filter((format) => placeholdersIn(format).includes("pr"));
  const patterns = [...new Set(["pr-{pr}", ...own])].map(patternOf);
  return (tag) => {
    const [number] = patterns.flatMap((pattern) => pattern.exec(tag)?.groups?.pr ?? []);
    return number === undefined ? undefined : Number(number);
  };
}

/** `pr-{pr}-{sha7}` as a regular expression. */
function patternOf(format: string): RegExp {
  let isFirst = true;
  const parts = format.split(/(\{[^{}]*\})/).map((part) => {
    if (!part.startsWith("{")) return part.replace(/[\\^$.|?+()[\]{}*]/g, "\\$&");
    if (part !== "{pr}") return ".+?";
    const named = isFirst ? "(?<pr>\\d+)" : "\\d+";
    isFirst = false;
    return named;
  });
  return new RegExp(`^${parts.join("")}$`);
}

/** `owner/name` of a remote on a host whose name begins with github; undefined for any other. */
export function repositoryOfRemote(url: string): string | undefined {
  const [, repository] =
    /^(?:https?:\/\/(?:[^@/]*@)?|ssh:\/\/(?:[^@/]*@)?|[^@/]+@)github\.[^/:]+(?::\d+\/|[/:])([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(
      url.trim(),
    ) ?? [];
  return repository;
}
