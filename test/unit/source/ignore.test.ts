import { describe, expect, test } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import { ignoreFilter, parseIgnoreRules, readIgnoreRules } from "../../../source/ignore.ts";
import recorded from "./recorded/patternmatcher.json" with { type: "json" };

interface Case {
  readonly ignore: string;
  readonly leftOut?: readonly string[];
  readonly refused?: boolean;
}

describe("an ignore file", () => {
  test.each(recorded.cases as readonly Case[])("leaves out what BuildKit's does: $ignore", (one) => {
    const leftOut = () => recorded.files.filter(ignoreFilter(parseIgnoreRules(one.ignore, ".dockerignore")));
    if (one.refused === true) expect(leftOut).toThrow(UserError);
    else expect(leftOut()).toEqual(one.leftOut);
  });

  test("is refused with every line that Docker would refuse", () => {
    try {
      parseIgnoreRules("ok\n[a\n!\n", "ui/.dockerignore");
      expect.unreachable();
    } catch (error) {
      const { problems } = error as UserError;
      expect(problems.map(({ where }) => where)).toEqual(["ui/.dockerignore:2", "ui/.dockerignore:3"]);
      expect(problems[0]).toMatchObject({ code: "invalid-ignore-pattern", value: "[a" });
    }
  });

  test("of the Dockerfile itself comes before the context's, and a named context has only its own", async () => {
    const files: Record<string, string> = {
      "docker/ui.Dockerfile.dockerignore": "a\n",
      "ui/.dockerignore": "b\n",
    };
    const tree = {
      readText: async (path: string) => files[path],
      follow: async (_: string, path: string) => path,
    };
    const ignored = async (context: string, dockerfile?: string) =>
      ["a", "b"].filter(ignoreFilter(await readIgnoreRules(tree, context, dockerfile)));
    expect(await ignored("ui", "docker/ui.Dockerfile")).toEqual(["a"]);
    expect(await ignored("ui", "ui/Dockerfile")).toEqual(["b"]);
    expect(await ignored("ui")).toEqual(["b"]);
    expect(await ignored("lib")).toEqual([]);
  });
});
