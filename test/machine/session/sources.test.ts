import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDescription } from "../../../runner/session/session.ts";

const root = join(import.meta.dirname, "../../..");
const node = join(root, "node_modules/.bin/node");
let folder: string;

/** A project as a sparse checkout has it: of the four services only the source of one is here. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-sparse-"));
  await write({
    "Pulumi.yaml": "name: test\nruntime: nodejs\n",
    "Pulumi.dev.yaml": "config:\n  aws:region: eu-west-1\n  slipway:scanning: { manageRegistry: false }\n",
    "services.yaml": [
      "services:",
      "  ui: { context: ui, needs: [base] }",
      "  base: { context: base }",
      "  gone: { context: gone, contexts: { lib: libraries }, extraInputs: [VERSION] }",
      "  other: { context: other, needs: [gone] }",
      "",
    ].join("\n"),
    "ui/Dockerfile": "FROM base\n",
    "base/Dockerfile": "FROM scratch\n",
  });
});
afterAll(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** Runs a command as a user would, without credentials and without any way to get some. */
function slipway(...words: readonly string[]) {
  return execa(node, [join(root, "runner/cli.ts"), ...words, "--stack", "dev"], {
    reject: false,
    cwd: folder,
    extendEnv: false,
    env: { PATH: process.env.PATH ?? "", HOME: folder, AWS_EC2_METADATA_DISABLED: "true" },
  });
}

test.each([
  "logs gone",
  "logs",
  "status gone",
  "wait gone",
  "verify gone",
  "images gone",
  "history gone",
  "why ui",
])("%s gets as far as AWS without sources that it does not read", async (words) => {
  const { stderr, exitCode } = await slipway(...words.split(" "));
  expect(stderr).toContain("no usable AWS credentials found");
  expect(stderr).not.toContain("does not exist");
  expect(exitCode).toBe(2);
});

test.each(["plan ui", "deploy ui"])("%s names sources that the stack's program would miss", async (words) => {
  const { stderr, exitCode } = await slipway(...words.split(" "));
  expect(stderr).toContain("services.gone.context: does not exist");
  expect(exitCode).toBe(2);
});

const gone = ["services.gone.context", "services.gone.contexts.lib", "services.gone.extraInputs[0]"];

test.each([
  { services: ["ui"], missing: [] },
  { services: ["gone"], missing: gone },
  { services: ["other"], missing: [...gone, "services.other.context"] },
  { services: [], missing: [...gone, "services.other.context"] },
])("what reads the sources of $services needs theirs, and of those that they are built from", async (one) => {
  const request = { services: one.services, stack: "dev", sources: "chosen" } as const;
  const problems = await openDescription(folder, request).then(
    () => [],
    (error: { problems: readonly { key?: string }[] }) => error.problems,
  );
  expect(problems.map(({ key }) => key)).toEqual(one.missing);
});
