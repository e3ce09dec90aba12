import { describe, expect, test } from "vitest";
import type { Options } from "yargs";
import type { DefinedCommand } from "../../../runner/cli/define.ts";
import { globalOptions } from "../../../runner/cli/options.ts";
import { wordProblems } from "../../../runner/cli/words.ts";
import { commands, createParser } from "../../../runner/cli.ts";

/** Every command that does work, with the words that call it. */
const all = commands.flatMap(function flat(command: DefinedCommand): [string[], DefinedCommand][] {
  if (command.commands.length === 0) return [[[command.name], command]];
  return command.commands.flatMap(flat).map(([words, inner]) => [[command.name, ...words], inner]);
});

/** Every option of every command, the table that the cases below are made from. */
const table = all.flatMap(([words, command]) =>
  Object.entries<Options>({ ...globalOptions, ...command.options }).map(
    ([name, option]) => [words.join(" "), name, option] as const,
  ),
);

const switches = table.filter(([, , { type }]) => type === "boolean");
const valued = table.filter(([, , { type }]) => type !== "boolean");
const numbers = valued.filter(([, , { type }]) => type === "number");
const choices = valued.filter(([, , option]) => option.choices !== undefined);

function problemsOf(command: string, ...words: string[]) {
  return wordProblems([...command.split(" "), ...words], commands);
}

function exampleOf({ type, choices }: Options): string {
  return String(choices?.[0] ?? (type === "number" ? 1 : "x"));
}

describe("the table of options", () => {
  test("has every command and every option", () => {
    expect(all.length).toBeGreaterThan(20);
    expect(table.length).toBeGreaterThan(100);
  });

  test("has switches, numbers, choices and single values, and no lists", () => {
    for (const [command, name, option] of table) {
      expect(option.array ?? false, `${command} --${name}`).toBe(false);
      expect(["boolean", "string", "number", undefined]).toContain(option.type);
      if (option.type === undefined) expect(option.choices).toBeDefined();
      if (option.type !== "boolean") expect(option.requiresArg, `${command} --${name}`).toBe(true);
    }
  });
});

describe("an option that takes a value", () => {
  test.each(valued)("%s --%s, given once, is taken", (command, name, option) => {
    expect(problemsOf(command, `--${name}`, exampleOf(option))).toEqual([]);
    expect(problemsOf(command, `--${name}=${exampleOf(option)}`)).toEqual([]);
  });

  test.each(valued)("%s --%s, given twice, is refused with both values", (command, name, option) => {
    const other = String(option.choices?.[1] ?? 2);
    const given = [`--${name}`, exampleOf(option), `--${name}=${other}`];
    const [problem, ...more] = problemsOf(command, ...given);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code: "wrong-usage", where: `slipway ${command}` });
    expect(problem?.message).toContain(`--${name} appears 2 times: "${exampleOf(option)}" and "${other}"`);
  });

  test.each(valued.filter(([, , { alias }]) => typeof alias === "string"))(
    "%s --%s, given by its letter and by its name, is given twice",
    (command, name, option) => {
      const value = exampleOf(option);
      const problems = problemsOf(command, `-${option.alias}`, value, `--${name}`, value);
      expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining("appears 2 times")]);
      expect(problemsOf(command, `-${option.alias}=${value}`)).toEqual([]);
      expect(problemsOf(command, `-${option.alias}=`)).toMatchObject([{ code: "wrong-usage" }]);
    },
  );

  test.each(valued)("%s --%s, empty, is refused", (command, name) => {
    for (const given of [[`--${name}=`], [`--${name}`, ""]]) {
      const [problem] = problemsOf(command, ...given);
      expect(problem).toMatchObject({ code: "wrong-usage", message: `--${name} has no value` });
    }
  });

  test.each(valued)("%s --%s is not to be negated", (command, name) => {
    expect(problemsOf(command, `--no-${name}`)).toMatchObject([
      { code: "unknown-option", message: `unknown option --no-${name}` },
    ]);
  });

  test.each(numbers)("%s --%s takes no text", (command, name) => {
    expect(problemsOf(command, `--${name}`, "many")).toMatchObject([
      { code: "wrong-usage", value: "many", message: `--${name} takes a number` },
    ]);
  });

  test.each(choices)("%s --%s takes only its choices", (command, name, option) => {
    for (const choice of option.choices ?? []) {
      expect(problemsOf(command, `--${name}`, String(choice))).toEqual([]);
    }
    const [problem] = problemsOf(command, `--${name}`, "no-choice");
    expect(problem).toMatchObject({ code: "wrong-usage", value: "no-choice" });
    for (const choice of option.choices ?? []) expect(problem?.fix).toContain(`"${choice}"`);
  });
});

describe("a switch", () => {
  test.each(switches)("%s --%s may be repeated, negated, or be true or false", (command, name) => {
    for (const given of [[`--${name}`, `--${name}`], [`--no-${name}`], [`--${name}=false`]]) {
      expect(problemsOf(command, ...given)).toEqual([]);
    }
  });

  test.each(switches)("%s --%s takes no other value", (command, name) => {
    for (const value of ["yes", ""]) {
      expect(problemsOf(command, `--${name}=${value}`)).toMatchObject([{ code: "wrong-usage", value }]);
    }
  });
});

describe("arguments", () => {
  test.each(all)("of %j after -- are refused instead of being ignored", (words) => {
    expect(problemsOf(words.join(" "), "--", "ui")).toMatchObject([
      { code: "unexpected-argument", value: "ui" },
    ]);
  });

  const positional = all.flatMap(([words, { positionalNames }]) =>
    positionalNames.map((name) => [words.join(" "), name] as const),
  );
  test.each(positional)("of %s are not options: --%s", (command, name) => {
    expect(problemsOf(command, `--${name}`, "ui")).toMatchObject([{ code: "unknown-option" }]);
  });

  test("are left to the command, and so is what only asks for help", () => {
    expect(problemsOf("deploy", "ui", "orders", "--stack", "dev")).toEqual([]);
    expect(problemsOf("deploy", "--stack=", "--help")).toEqual([]);
    expect(wordProblems(["status", "--version"], commands)).toEqual([]);
    expect(wordProblems([], commands)).toEqual([]);
    expect(wordProblems(["deplyo", "--stack="], commands)).toEqual([]);
  });

  test("in camel case are the same option", () => {
    expect(problemsOf("build", "--push-pr", "1", "--pushPr", "2")).toMatchObject([{ code: "wrong-usage" }]);
  });
});

test.each(all)("the help of %j names each choice once", async (words) => {
  let help = "";
  await createParser([], 200).parseAsync([...words, "--help"], {}, (_error, _arguments, output) => {
    help = output;
  });
  const lists = [...help.matchAll(/\[choices: ([^\]]*)\]/g)].map((match) => match[1]?.split(", ") ?? []);
  expect(lists.length).toBeGreaterThan(0);
  for (const list of lists) expect(list).toEqual([...new Set(list)]);
});
