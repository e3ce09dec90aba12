/** One step of a path through a YAML document. */
export type PathStep =
  /** The value of a key. */
  | { readonly kind: "key"; readonly key: string }
  /** One item of a list, from 0. */
  | { readonly kind: "index"; readonly index: number }
  /**
   * Items of a list that have a value: `[name=ui]`, `[metadata.name=ui]`. On a map, the map itself: so
   * `[kind=Deployment]` at the beginning chooses among the documents of a file.
   */
  | { readonly kind: "where"; readonly keys: readonly string[]; readonly value: string };

const key = /^(?:[^.[\]"=\s]+)/;
const quoted = /^\["((?:[^"\\]|\\["\\])*)"\]/;
const index = /^\[(\d+)\]/;
const where = /^\[([^=[\]"]+)=(?:"((?:[^"\\]|\\["\\])*)"|([^[\]"]*))\]/;

/**
 * Reads a path such as `spec.template.spec.containers[name=ui].image`. A key with other characters stands in
 * brackets and quotes: `metadata.annotations["example.com/image"]`.
 *
 * @returns undefined when it is not a path
 */
export function parsePath(text: string): readonly PathStep[] | undefined {
  const steps: PathStep[] = [];
  let rest = text;
  while (rest !== "") {
    const dot = rest.startsWith(".");
    if (dot && steps.length === 0) return undefined;
    if (dot) rest = rest.slice(1);
    const found =
      dot || steps.length === 0 ? (keyStep(rest) ?? bracketStep(dot ? "" : rest)) : bracketStep(rest);
    if (found === undefined) return undefined;
    steps.push(found.step);
    rest = rest.slice(found.length);
  }
  return steps.length === 0 ? undefined : steps;
}

interface FoundStep {
  readonly step: PathStep;
  readonly length: number;
}

function keyStep(rest: string): FoundStep | undefined {
  const [found] = key.exec(rest) ?? [];
  return found === undefined ? undefined : { step: { kind: "key", key: found }, length: found.length };
}

function bracketStep(rest: string): FoundStep | undefined {
  const name = quoted.exec(rest);
  if (name !== null) return { step: { kind: "key", key: unquote(name[1]) }, length: name[0].length };
  const number = index.exec(rest);
  if (number !== null) return { step: { kind: "index", index: Number(number[1]) }, length: number[0].length };
  const condition = where.exec(rest);
  if (condition === null) return undefined;
  const [all, path = "", inQuotes, plain = ""] = condition;
  const keys = path.split(".");
  if (keys.includes("")) return undefined;
  const value = inQuotes === undefined ? plain : unquote(inQuotes);
  return { step: { kind: "where", keys, value }, length: all.length };
}

function unquote(text = ""): string {
  return text.replaceAll(/\\(["\\])/g, "$1");
}

/** A path as it is written: the counterpart of `parsePath`. */
export function formatPath(steps: readonly PathStep[]): string {
  return steps
    .map((step, position) => {
      switch (step.kind) {
        case "key":
          if (key.exec(step.key)?.[0] !== step.key) return `["${step.key.replaceAll(/["\\]/g, "\\$&")}"]`;
          return position === 0 ? step.key : `.${step.key}`;
        case "index":
          return `[${step.index}]`;
        case "where":
          return `[${step.keys.join(".")}=${step.value}]`;
      }
    })
    .join("");
}
