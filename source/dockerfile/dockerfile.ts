import { instructions, wordsOf } from "./lines.ts";

/**
 * The images that a Dockerfile begins its stages with, copies from or mounts, as references; arguments
 * filled in, stages of its own left out. What can't be told (an argument without a value) stays as written.
 * A name that is no stage is an image to BuildKit, unless it is a named context.
 * https://docs.docker.com/reference/dockerfile/#from
 * https://github.com/moby/buildkit/blob/v0.31.0/frontend/dockerfile/dockerfile2llb/convert.go
 *
 * @param folders names of the named contexts that are no images
 */
export function baseImages(
  dockerfile: string,
  given: Readonly<Record<string, string>>,
  folders: readonly string[] = [],
): string[] {
  const values: Record<string, string> = {};
  const stages = new Set<string>();
  const all = new Set(stageNames(dockerfile));
  const contexts = new Set(folders.map(familiarName));
  const found: string[] = [];
  const add = (image: string) => {
    if (image !== "scratch" && !contexts.has(familiarName(image))) found.push(image);
  };
  let begun = false;
  for (const line of instructions(dockerfile)) {
    const [instruction = "", ...words] = wordsOf(line);
    switch (instruction.toUpperCase()) {
      case "ARG": {
        if (begun) break;
        for (const word of words) {
          const [name = "", value] = word.split(/=(.*)/s);
          const chosen = given[name] ?? (value === undefined ? undefined : unquote(value));
          if (chosen !== undefined) values[name] = expand(chosen, values);
        }
        break;
      }
      case "FROM": {
        begun = true;
        const [reference = "", as, stage] = words.filter((word) => !word.startsWith("--"));
        const image = expand(unquote(reference), values);
        const name = as?.toUpperCase() === "AS" ? stage?.toLowerCase() : undefined;
        // A named context takes the place of the stage of its name.
        if (!stages.has(image.toLowerCase()) && !contexts.has(familiarName(name ?? ""))) add(image);
        if (name !== undefined) stages.add(name);
        break;
      }
      case "COPY": {
        const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
        // A number is the place of a stage.
        if (from !== undefined && !/^\d+$/.test(from) && !all.has(from.toLowerCase())) add(from);
        break;
      }
      case "RUN": {
        const mounts = words.filter((word) => word.startsWith("--mount="));
        const from = mounts.flatMap((mount) => /[=,]"?from=([^,"]+)/i.exec(mount)?.[1] ?? []);
        for (const one of from) if (!all.has(one.toLowerCase())) add(one);
        break;
      }
    }
  }
  return [...new Set(found)];
}

/** The stages of a Dockerfile in its order, by name; undefined for one without. */
export function stageNames(dockerfile: string): (string | undefined)[] {
  return instructions(dockerfile).flatMap((line) => {
    const [instruction = "", ...words] = wordsOf(line);
    if (instruction.toUpperCase() !== "FROM") return [];
    const [, as, name] = words.filter((word) => !word.startsWith("--"));
    return [as?.toUpperCase() === "AS" ? name?.toLowerCase() : undefined];
  });
}

/**
 * A reference as BuildKit compares it with the names of contexts: `docker.io/library/alpine:latest` is
 * `alpine`.
 * https://github.com/moby/buildkit/blob/v0.31.0/frontend/dockerui/config.go
 */
export function familiarName(reference: string): string {
  return reference.replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, "").replace(/:latest$/, "");
}

function unquote(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, "$2");
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+instead}`. */
function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::?([-+])([^}]*))?\})/g,
    (whole, plain?: string, braced?: string, sign?: string, other?: string) => {
      const value = values[plain ?? braced ?? ""];
      if (sign === "+") return value === undefined || value === "" ? "" : (other ?? "");
      return value ?? other ?? whole;
    },
  );
}
