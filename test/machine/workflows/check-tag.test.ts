import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const clone = join(import.meta.dirname, "../../..");
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-release-"));
  await mkdir(join(directory, ".github/release"), { recursive: true });
  await cp(join(clone, ".github/release/check-tag"), join(directory, ".github/release/check-tag"));
  await writeFile(join(directory, "package.json"), '{"version": "1.2.3"}\n');
  await writeFile(join(directory, "CHANGELOG.md"), "# slipway\n\n## 1.2.3\n\n- A change\n");
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function check(tag: string) {
  return execa(join(directory, ".github/release/check-tag"), {
    env: { GITHUB_REF_NAME: tag },
    reject: false,
  });
}

describe("the tag of a release of Slipway", () => {
  test("is taken when it names the version that the change log has", async () => {
    expect((await check("slipway-v1.2.3")).exitCode).toBe(0);
  });

  test("is refused when it names another version", async () => {
    const { exitCode, stderr } = await check("slipway-v1.2.4");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("push the tag slipway-v1.2.3");
  });

  test("is refused when the change log lacks the version", async () => {
    await writeFile(join(directory, "CHANGELOG.md"), "# slipway\n\n## 1.2.2\n");
    const { exitCode, stderr } = await check("slipway-v1.2.3");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("CHANGELOG.md has no entry for 1.2.3");
  });
});
