import { createParser } from "../../runner/cli.ts";
import { between, type GeneratedFile } from "./page.ts";

/** The page on the commands: `--help` of each command stands between its marks. */
export const commandsPage: GeneratedFile = {
  path: "docs/reference/commands.md",
  render: async (current) => {
    const marks = [...current.matchAll(/^<!-- (help:.*) -->$/gm)].map((match) => match[1] ?? "");
    let page = current;
    for (const mark of marks) {
      const words = mark.replace("help:", "").split(" ");
      const help = await helpOf(words.filter((word) => word !== ""));
      page = between(page, mark, `\`\`\`text\n${help}\n\`\`\``, "help");
    }
    return page;
  },
};

async function helpOf(command: readonly string[]): Promise<string> {
  let help = "";
  await createParser([], 100).parseAsync([...command, "--help"], {}, (_error, _arguments, output) => {
    help = output;
  });
  return help.trim();
}
