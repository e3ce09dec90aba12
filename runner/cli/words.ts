import { parseArgs } from "node:util";
import type { Options } from "yargs";
import type { Problem } from "../../config/problems/errors.ts";
import type { DefinedCommand } from "./define.ts";
import { globalOptions } from "./options.ts";
import { descend } from "./usage.ts";

/** An option on the command line. */
interface Given {
  /** As written: `--stack`, `-s`. */
  readonly written: string;
  readonly value: string | undefined;
}

/**
 * The problems of a command line that yargs lets through and turns into something else: an option given
 * twice (a list), an empty value, `--no-` before an option that takes a value (false), an argument after
 * `--` or a positional argument written as an option (both dropped), a value that is not a number.
 *
 * @param words the command line
 * @returns no problems if the command is unknown, or if the command line only asks for help or a version
 */
export function wordProblems(words: readonly string[], commands: readonly DefinedCommand[]): Problem[] {
  const { path } = descend(words, commands);
  const command = path.at(-1);
  if (command === undefined || command.commands.length > 0) return [];
  const options: Readonly<Record<string, Options>> = { ...globalOptions, ...command.options };
  const { given, rest } = readWords(words, options);
  if (given.has("help") || (given.has("version") && options.version === undefined)) return [];

  const where = `slipway ${path.map(({ name }) => name).join(" ")}`;
  const fix = `see ${where} --help`;
  const found: Problem[] = [];
  for (const [name, all] of given) {
    const option = options[name];
    if (option !== undefined) found.push(...optionProblems(name, option, all, where));
    else if (isNegatedValue(name, options) || command.positionalNames.includes(name)) {
      found.push({ code: "unknown-option", where, message: `unknown option --${name}`, fix });
    }
  }
  if (rest.length > 0) {
    found.push({
      code: "unexpected-argument",
      where,
      value: rest.join(" "),
      message: "slipway takes no arguments after --",
      fix: "move the arguments before --, or remove them",
    });
  }
  return found;
}

function optionProblems(name: string, option: Options, all: readonly Given[], where: string): Problem[] {
  const problem = (message: string, fix: string, value?: string): Problem => ({
    code: "wrong-usage",
    where,
    message,
    ...(value === undefined ? {} : { value }),
    fix,
  });
  if (option.type === "boolean") {
    return all.flatMap(({ written, value }) =>
      value === undefined || value === "true" || value === "false"
        ? []
        : [
            problem(
              `${written} is a switch, and its only values are true and false`,
              `write --${name} alone`,
              value,
            ),
          ],
    );
  }
  if (all.length > 1) {
    const values = all.map(({ value }) => JSON.stringify(value)).join(" and ");
    return [problem(`--${name} appears ${all.length} times: ${values}`, "give it once")];
  }
  return all.flatMap(({ written, value }) => {
    if (value === undefined) return [];
    if (value === "") return [problem(`${written} has no value`, "give it a value, or remove it")];
    if (option.type === "number" && !Number.isFinite(Number(value))) {
      return [problem(`${written} takes a number`, "give a number", value)];
    }
    const choices = option.choices?.map(String);
    if (choices !== undefined && !choices.includes(value)) {
      const known = choices.map((choice) => JSON.stringify(choice)).join(", ");
      return [problem(`${written} does not take this value`, `choose one of: ${known}`, value)];
    }
    return [];
  });
}

/** The options by their declared names, in order, and the words after `--`. */
function readWords(words: readonly string[], options: Readonly<Record<string, Options>>) {
  const declared = Object.entries(options).flatMap(([name, { type, alias }]) => {
    const kind = type === "boolean" ? ("boolean" as const) : ("string" as const);
    const short = typeof alias === "string" ? { short: alias } : {};
    return [
      [name, { type: kind, ...short }],
      [camelCase(name), { type: kind }],
    ].slice(0, camelCase(name) === name ? 1 : 2) as [string, { type: "boolean" | "string" }][];
  });
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(declared),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const end = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? words.length;
  const given = Map.groupBy(
    tokens.flatMap((token) => {
      if (token.kind !== "option") return [];
      const name = Object.keys(options).find((known) => camelCase(known) === token.name) ?? token.name;
      const isShort = !token.rawName.startsWith("--");
      // yargs reads `-s=dev` as `-s dev`.
      const value = isShort && token.inlineValue === true ? token.value.replace(/^=/, "") : token.value;
      return [{ name, written: token.rawName, value }];
    }),
    ({ name }) => name,
  );
  return { given, rest: words.slice(end + 1) };
}

/** Whether this is `no-` before the name of an option that takes a value. */
function isNegatedValue(name: string, options: Readonly<Record<string, Options>>): boolean {
  const option = name.startsWith("no-") ? options[name.slice(3)] : undefined;
  return option !== undefined && option.type !== "boolean";
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
