import { describe, expect, test } from "vitest";
import { generatedFiles, renderFile } from "../../../docs/generate/main.ts";
import { between } from "../../../docs/generate/page.ts";

// The page on tags takes real git repositories: test/machine/tags/situations.test.ts.
const files = generatedFiles.filter(({ path }) => path !== "docs/reference/tags.md");

describe("npm run docs", () => {
  test.each(files)("has written $path, and nobody has changed it since", async (file) => {
    const { is, shouldBe } = await renderFile(file);
    expect(is).toBe(shouldBe);
  });

  test("puts every permission into the page on CI, and every kind of target into the schema", async () => {
    const rendered = new Map<string, string>();
    for (const file of files) rendered.set(file.path, (await renderFile(file)).shouldBe);
    expect(rendered.get("docs/how-to/ci.md")).toContain("| `ecr:PutImage` |");
    expect(rendered.get("services.schema.json")).toContain('"lambda"');
    expect(rendered.get("docs/explanation/architecture.md")).toContain("| runner/plan ");
  });

  test("replaces what is between two marks only, and needs both", () => {
    const page = "before\n<!-- a -->\nold\n<!-- end of a -->\nafter\n";
    expect(between(page, "a", "new")).toBe("before\n<!-- a -->\n\nnew\n\n<!-- end of a -->\nafter\n");
    expect(() => between("no marks", "a", "new")).toThrow("<!-- a --> … <!-- end of a -->");
  });
});
