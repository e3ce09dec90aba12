/**
 * The images that a Dockerfile begins its stages with, or copies from, as references; arguments filled
 * in, stages of its own left out. What can't be told (an argument without a value) stays as written. Pure.
 * https://docs.docker.com/reference/dockerfile/#from
 */
export function baseImages(dockerfile: string, given: Readonly<Record<string, string>>): string[] {
  const values: Record<string, string> = {};
  const stages = new Set<string>();
  const found: string[] = [];
  let begun = false;
  for (const line of instructions(dockerfile)) {
    const [instruction = "", ...words] = line.split(/\s+/);
    switch (instruction.toUpperCase()) {
      case "ARG": {
        if (begun) break;
        const [name = "", value] = (words[0] ?? "").split(/=(.*)/s);
        const chosen = given[name] ?? (value === undefined ? undefined : unquote(value));
        if (chosen !== undefined) values[name] = expand(chosen, values);
        break;
      }
      case "FROM": {
        begun = true;
        const [reference = "", as, stage] = words.filter((word) => !word.startsWith("--"));
        const image = expand(reference, values);
        if (!stages.has(image.toLowerCase()) && image !== "scratch") found.push(image);
        if (as?.toUpperCase() === "AS" && stage !== undefined) stages.add(stage.toLowerCase());
        break;
      }
      case "COPY": {
        const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
        // One word without a slash, a colon or a dot is a stage or a named context.
        if (from !== undefined && /[/:.]/.test(from)) found.push(from);
        break;
      }
    }
  }
  return [...new Set(found)];
}

/** Instructions, each on one line, without comments. */
function instructions(dockerfile: string): string[] {
  const lines = dockerfile.split(/\r?\n/).filter((line) => !/^\s*#/.test(line));
  return lines
    .join("\n")
    .replace(/\\[ \t]*\n/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function unquote(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, "$2");
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`. */
function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})/g,
    (whole, plain?: string, braced?: string, otherwise?: string) =>
      values[plain ?? braced ?? ""] ?? otherwise ?? whole,
  );
}
