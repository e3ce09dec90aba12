import type { Problem } from "../../config/problems/errors.ts";
import { didYouMean, nearest } from "../../config/problems/nearest.ts";
import type { DefinedCommand } from "./define.ts";
import { globalOptions } from "./options.ts";

const globalNames = [...Object.keys(globalOptions), "help", "version"];

/**
 * The problems of a command line that yargs refused, with the nearest command or option.
 *
 * @param message yargs's message
 * @param words the command line
 */
export function usageProblems(
  message: string,
  words: readonly string[],
  commands: readonly DefinedCommand[],
): Problem[] {
  const { path, level, unknown } = descend(words, commands);
  const where = `slipway ${path.map(({ name }) => name).join(" ")}`.trim();
  const help = `see ${where} --help`;
  const names = level.map(({ name }) => name);
  if (unknown !== undefined) {
    return [
      {
        code: "unknown-command",
        where,
        value: unknown,
        message: "unknown command",
        fix: didYouMean(unknown, names),
      },
    ];
  }
  if (level.length > 0) {
    return [
      {
        code: "missing-command",
        where,
        message: "the command line names no command",
        fix: `one of: ${names.join(", ")}`,
      },
    ];
  }
  const refused = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(", ") ?? [];
  if (refused.length > 0) {
    const known = [...Object.keys(path.at(-1)?.options ?? {}), ...globalNames];
    // yargs reports an option twice, as written and in camel case.
    const given = new Set(
      words.filter((word) => word.startsWith("-")).map((word) => word.replace(/=.*$/s, "")),
    );
    return refused.flatMap((name): Problem[] => {
      const option = [`--${name}`, `-${name}`].find((written) => given.has(written));
      if (option !== undefined) {
        const guess = nearest(name, known);
        const fix = guess === undefined ? help : `did you mean --${guess}? (${help})`;
        return [{ code: "unknown-option", where, message: `unknown option ${option}`, fix }];
      }
      if (!words.includes(name)) return [];
      return [
        {
          code: "unexpected-argument",
          where,
          value: name,
          message: "the command does not take this argument",
          fix: help,
        },
      ];
    });
  }
  return [
    {
      code: "wrong-usage",
      where,
      message: lowerFirst(message.replaceAll(/\s*\n\s*/g, " ").trim()),
      fix: help,
    },
  ];
}

/** Follows the command line's words through commands and their commands. */
export function descend(words: readonly string[], commands: readonly DefinedCommand[]) {
  const path: DefinedCommand[] = [];
  let level = commands;
  for (let index = 0; index < words.length && level.length > 0; index++) {
    const word = words[index] ?? "";
    if (["--cwd", "-C", "--output"].includes(word)) index++;
    if (word.startsWith("-")) continue;
    const command = level.find(({ name }) => name === word);
    if (command === undefined) return { path, level, unknown: word };
    path.push(command);
    level = command.commands;
  }
  return { path, level, unknown: undefined };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
