import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createParser } from "../../runner/cli.ts";

const page = join(import.meta.dirname, "../reference/commands.md");

/** The page on the commands with what `--help` says between its marks, which stand for one command each. */
export async function documentCommands(text: string): Promise<string> {
  const marks = [...text.matchAll(/^<!-- help:(.*) -->$/gm)].map((match) => match[1]?.trim() ?? "");
  let result = text;
  for (const command of marks) {
    const help = await helpOf(command.split(" ").filter((word) => word !== ""));
    const mark = `<!-- help: ${command} -->`.replace("  ", " ");
    const end = "<!-- end of help -->";
    const from = result.indexOf(mark);
    const to = result.indexOf(end, from);
    result = `${result.slice(0, from)}${mark}\n\n\`\`\`text\n${help}\n\`\`\`\n\n${result.slice(to)}`;
  }
  return result;
}

async function helpOf(command: readonly string[]): Promise<string> {
  let help = "";
  await createParser([], 100).parseAsync([...command, "--help"], {}, (_error, _arguments, output) => {
    help = output;
  });
  return help.trim();
}

if (import.meta.main) {
  await writeFile(page, await documentCommands(await readFile(page, "utf8")));
}
