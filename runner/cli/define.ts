import type { Argv, CommandModule, InferredOptionTypes, Options, PositionalOptions } from "yargs";
import type { Command, CommandContext, CommandResult, GlobalOptions } from "./command.ts";
import { localOptions } from "./options.ts";

/** Options by name, for yargs. */
export type OptionTable = Readonly<Record<string, Options>>;
type PositionalTable = Readonly<Record<string, PositionalOptions>>;

export interface CommandDefinition<O extends OptionTable, P extends PositionalTable> {
  /** Name and positional arguments in yargs syntax: `deploy [services..]`. */
  readonly command: string;
  readonly describe: string;
  /** Examples in `--help`: the command and its description. At least one. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Whether the command also works outside a project, with `--cwd` as its `directory`. Default: false. */
  readonly anywhere?: boolean;
  readonly positionals?: P;
  readonly options?: O;
  /** Does the work. Heavy imports belong here, so that `--help` stays fast. */
  run(
    options: InferredOptionTypes<O> & InferredOptionTypes<P> & GlobalOptions,
    context: CommandContext,
  ): Promise<CommandResult>;
}

/** A command with its declared names, for suggestions after a typo. */
export interface DefinedCommand extends Command {
  readonly name: string;
  /** Its own options, without `globalOptions`. */
  readonly options: OptionTable;
  readonly positionalNames: readonly string[];
  readonly commands: readonly DefinedCommand[];
}

/**
 * Declares a command. An option called `version` (the version of an image) takes the place of
 * `--version` for that command alone; `slipway --version` still shows the version of Slipway.
 */
export function defineCommand<const O extends OptionTable, const P extends PositionalTable>(
  definition: CommandDefinition<O, P>,
): DefinedCommand {
  const { command, describe, examples, positionals = {}, options = {}, anywhere = false } = definition;
  const module: CommandModule<GlobalOptions> = {
    command,
    describe,
    builder: (parser: Argv<GlobalOptions>) => {
      const own = "version" in options ? parser.version(false) : parser;
      for (const [key, positional] of Object.entries<PositionalOptions>(positionals))
        own.positional(key, positional);
      return own
        .options({ ...localOptions, ...options })
        .example(examples.map(([line, does]): [string, string] => [`$0 ${line}`, does]));
    },
    handler: async (given) => {
      const { runCommand } = await import("./run.ts");
      const chosen = given as unknown as Parameters<typeof definition.run>[0];
      await runCommand(chosen, { anywhere, command: nameOf(command) }, (context) =>
        definition.run(chosen, context),
      );
    },
  };
  return {
    ...module,
    name: nameOf(command),
    options,
    positionalNames: Object.keys(positionals),
    commands: [],
  };
}

/** Declares a command that only groups others: `sandbox up`, `sandbox down`. */
export function defineGroup(definition: {
  readonly command: string;
  readonly describe: string;
  readonly commands: readonly DefinedCommand[];
}): DefinedCommand {
  const { command, describe, commands } = definition;
  return {
    command: `${command} <command>`,
    describe,
    builder: (parser: Argv<GlobalOptions>) =>
      parser
        .options(localOptions)
        .command([...commands] as Command[])
        .demandCommand(1, "missing command"),
    handler: () => {},
    name: command,
    options: {},
    positionalNames: [],
    commands,
  };
}

function nameOf(command: string): string {
  return command.split(" ", 1)[0] ?? command;
}
