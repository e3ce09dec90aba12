import { readFile } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { isCollection, LineCounter, parseDocument } from "yaml";
import type { Problem } from "../../config/problems/errors.ts";

const files = /^[^:\s]+\.ya?ml$/;

/**
 * The problem with its file as GitHub knows it (relative to the checkout, where the project may be in a
 * folder) and the line that its key is on. One that names no file of the project stays as it is.
 */
export async function locateProblem(
  problem: Problem,
  directory: string,
  environment: NodeJS.ProcessEnv,
): Promise<Problem> {
  const { where, key } = problem;
  const [file = "", ...position] = where?.split(":") ?? [];
  if (!files.test(file)) return problem;
  const inCheckout = relative(environment.GITHUB_WORKSPACE ?? directory, join(directory, file));
  const path = inCheckout.startsWith("..") || isAbsolute(inCheckout) ? file : inCheckout.split(sep).join("/");
  if (position.length > 0 || key === undefined) return { ...problem, where: [path, ...position].join(":") };
  const text = await readFile(join(directory, file), "utf8").catch(() => "");
  const line = lineOfKey(text, key);
  return { ...problem, where: line === undefined ? path : `${path}:${line}` };
}

/** The line (from 1) that a key is on, or the nearest key above it; `services.ui.platforms[1]`. */
export function lineOfKey(text: string, key: string): number | undefined {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  // What is under slipway: and aws: is in a stack's file below config.
  const path = pathOf(/^[a-z]+:/.test(key) ? `config.${key}` : key);
  let offset: number | undefined;
  let node: unknown = document.contents;
  for (const part of path) {
    if (!isCollection(node)) break;
    const item = node.items.find(
      (each, index) =>
        index === part ||
        String((each as { key?: { value?: unknown } | null } | null)?.key?.value ?? "") === part,
    ) as { key?: { range?: readonly number[] }; value?: unknown; range?: readonly number[] } | undefined;
    if (item === undefined) break;
    offset = item.key?.range?.[0] ?? item.range?.[0] ?? offset;
    node = item.key === undefined ? item : item.value;
  }
  return offset === undefined ? undefined : counter.linePos(offset).line;
}

function pathOf(key: string): (string | number)[] {
  return [...key.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name = ""]) =>
    index === undefined ? name : Number(index),
  );
}
