/** Instructions that may be followed by here-documents. */
const withHeredocs = ["RUN", "COPY", "ADD"];

/**
 * The instructions of a Dockerfile, each on one line: without comments, continuations joined with the
 * escape character that the file asks for, bodies of here-documents left out. As BuildKit's parser reads
 * them.
 * https://github.com/moby/buildkit/blob/v0.31.0/frontend/dockerfile/parser/parser.go
 */
export function instructions(dockerfile: string): string[] {
  const lines = dockerfile.replace(/^\uFEFF/, "").split(/\r?\n/);
  const continues = continuation(escapeOf(lines));
  const found: string[] = [];
  for (let at = 0; at < lines.length; ) {
    let line = (lines[at++] ?? "").trimStart();
    if (isComment(line)) continue;
    let open = continues.test(line);
    line = line.replace(continues, "$1");
    while (open && at < lines.length) {
      const next = lines[at++] ?? "";
      if (isComment(next) || next.trim() === "") continue;
      open = continues.test(next);
      line += next.replace(continues, "$1");
    }
    if (line.trim() === "") continue;
    for (const { name, tabs } of heredocsOf(line)) {
      const ends = (text: string) => (tabs ? text.replace(/^\t+/, "") : text) === name;
      while (at < lines.length && !ends(lines[at++] ?? ""));
    }
    found.push(line.trim());
  }
  return found;
}

/** Words of an instruction, as a shell splits them; quotes stay. */
export function wordsOf(instruction: string): string[] {
  return instruction.match(/(?:[^\s"'\\]|\\.|\\$|"(?:[^"\\]|\\.)*"?|'[^']*'?)+/g) ?? [];
}

/** The directives of BuildKit's parser. Any other name ends them, as any other comment does. */
const directives = ["syntax", "escape", "check"];

/**
 * `# escape=` among the directives that a file may begin with: before any other comment or line.
 * https://docs.docker.com/reference/dockerfile/#parser-directives
 */
function escapeOf(lines: readonly string[]): "\\" | "`" {
  for (const line of lines) {
    const [, name = "", value] = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line.trimStart()) ?? [];
    if (!directives.includes(name.toLowerCase())) return "\\";
    if (name.toLowerCase() === "escape") return value === "`" ? "`" : "\\";
  }
  return "\\";
}

/** The escape character at the end of a line, but not two of them. */
function continuation(character: "\\" | "`"): RegExp {
  const one = character === "\\" ? "\\\\" : "`";
  return new RegExp(`(^|[^${one}])${one}[ \\t]*$`);
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith("#");
}

/** The here-documents that a line begins, in order. */
function heredocsOf(line: string): { readonly name: string; readonly tabs: boolean }[] {
  const [first = "", second = "", ...others] = wordsOf(line);
  const isOnbuild = first.toUpperCase() === "ONBUILD";
  if (!withHeredocs.includes((isOnbuild ? second : first).toUpperCase())) return [];
  return [...(isOnbuild ? [] : [second]), ...others].flatMap((word) => {
    const [, tabs, quoted = ""] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
    return tabs === undefined ? [] : [{ name: quoted.replace(/["'\\]/g, ""), tabs: tabs === "-" }];
  });
}
