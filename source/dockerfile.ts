import { instructions, wordsOf } from "./dockerfile-lines.ts";

/**
 * The images that a Dockerfile begins its stages with, or copies from, as references; arguments filled
 * in, stages of its own left out. What can't be told (an argument without a value) stays as written.
 * https://docs.docker.com/reference/dockerfile/#from
 */
export function baseImages(dockerfile: string, given: Readonly<Record<string, string>>): string[] {
  const values: Record<string, string> = {};
  const stages = new Set<string>();
  const found: string[] = [];
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
        if (!stages.has(image.toLowerCase()) && image !== "scratch") found.push(image);
        if (as?.toUpperCase() === "AS" && stage !== undefined) stages.add(stage.toLowerCase());
        break;
      }
      case "COPY": {
        const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
        if (from !== undefined && isReference(from)) found.push(from);
        break;
      }
      case "RUN": {
        const mounts = words.filter((word) => word.startsWith("--mount="));
        const from = mounts.flatMap((mount) => /[=,]from=([^,]+)/.exec(mount)?.[1] ?? []);
        found.push(...from.filter(isReference));
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

/** One word without a slash, a colon or a dot is a stage or a named context. */
function isReference(from: string): boolean {
  return /[/:.]/.test(from);
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
