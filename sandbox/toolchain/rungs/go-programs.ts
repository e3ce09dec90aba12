import type { Rung } from "../rung.ts";
import { type ToolName, tools } from "../tools.ts";

/** A tool, and the Go module that it is built from. */
export interface Product {
  readonly name: ToolName;
  readonly rung: Extract<Rung, { kind: "go-module" }>;
}

/** One call of `go build`. */
export interface GoBuild {
  readonly packages: readonly string[];
  /** `-X variable=version` of each, for the linker. */
  readonly variables: readonly string[];
}

/**
 * The calls that build programs of one module: as few as possible, but programs that keep another version in a variable
 * of the same name can't be linked by one call. What is compiled is shared anyway.
 */
export function buildsOf(products: readonly Product[]): readonly GoBuild[] {
  const calls: Map<string, string>[] = [];
  const packages = new Map<Map<string, string>, string[]>();
  for (const { name, rung } of products) {
    const { versionVariable: variable, versionPrefix = "" } = rung;
    const value = `${versionPrefix}${tools[name].version}`;
    const takes = (call: Map<string, string>) =>
      variable === undefined || [value, undefined].includes(call.get(variable));
    const call = calls.find(takes) ?? new Map<string, string>();
    if (!calls.includes(call)) calls.push(call);
    if (variable !== undefined) call.set(variable, value);
    packages.set(call, [...(packages.get(call) ?? []), rung.package]);
  }
  return calls.map((call) => ({
    packages: packages.get(call) ?? [],
    variables: [...call].map(([variable, value]) => `-X ${variable}=${value}`),
  }));
}
