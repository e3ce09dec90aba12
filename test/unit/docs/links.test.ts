import { readFile, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
/** A page as code and messages name it: from the root of the repository. */
const namedPage = /(?<![\w/.-])(docs\/(?:(?:tutorial|how-to|reference|explanation)\/)?[\w-]+\.md)/g;
const pages = (await listFiles("*.md")).filter((page) => !page.startsWith(".changeset/"));

describe("the links of the pages", () => {
  test.each(pages)("%s links only to what is there", async (page) => {
    const text = await readFile(join(root, page), "utf8");
    const broken: string[] = [];
    for (const link of linksOf(text)) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : relative(root, join(root, dirname(page), decodeURI(path)));
      if (!(await exists(target))) broken.push(link);
      else if (anchor !== undefined && !(await anchorsOf(target)).has(anchor)) broken.push(link);
    }
    expect(broken).toEqual([]);
  });

  test("a page that code, configuration or help names is there", async () => {
    const files = (await listFiles("*.ts", "*.yaml", "*.yml", "*.json", "*.md")).filter(
      (file) => !file.includes("/recorded/") && !/(^|\/)(package-lock\.json|CHANGELOG\.md)$/.test(file),
    );
    const missing: string[] = [];
    for (const file of files) {
      const text = await readFile(join(root, file), "utf8");
      for (const [, page = ""] of text.matchAll(namedPage)) {
        if (!(await exists(page))) missing.push(`${file}: ${page}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test("the index leads to every page", async () => {
    const index = await readFile(join(root, "docs/README.md"), "utf8");
    const linked = new Set(linksOf(index).map((link) => join("docs", link.split("#")[0] ?? "")));
    expect(pages.filter((page) => /^docs\/.+\//.test(page) && !linked.has(page))).toEqual([]);
  });
});

async function listFiles(...patterns: readonly string[]): Promise<string[]> {
  const { stdout } = await execa("git", ["-C", root, "ls-files", "-co", "--exclude-standard", ...patterns]);
  const files = await Promise.all(
    stdout.split("\n").map(async (file) => ((await exists(file)) ? [file] : [])),
  );
  return files.flat();
}

async function exists(file: string): Promise<boolean> {
  return stat(join(root, file)).then(
    () => true,
    () => false,
  );
}

/** Targets of the relative links and images in a page; code is left out. */
function linksOf(markdown: string): string[] {
  const prose = withoutCode(markdown);
  const inline = [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map((match) => match[1] ?? "");
  const attributes = [...prose.matchAll(/\s(?:src|srcset|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
  return [...inline, ...attributes].filter((link) => !/^[a-z][a-z+.-]*:/.test(link));
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^( *)(`{3,})[\s\S]*?^\1\2$/gm, "").replace(/`[^`\n]*`/g, "");
}

/** The anchors that GitHub gives a page's headings, and those that it sets itself. */
async function anchorsOf(file: string): Promise<Set<string>> {
  const markdown = await readFile(join(root, file), "utf8");
  const text = markdown.replace(/^( *)(`{3,})[\s\S]*?^\1\2$/gm, "");
  const anchors = new Set([...text.matchAll(/<a (?:id|name)="([^"]+)">/g)].map((match) => match[1] ?? ""));
  const counts = new Map<string, number>();
  for (const [, heading = ""] of text.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = slugOf(heading);
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** As github-slugger does it: lower case, punctuation left out, a hyphen for each space. */
function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
