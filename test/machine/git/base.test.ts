import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simpleGit } from "simple-git";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commonAncestor } from "../../../runner/git/revision.ts";

describe("the newest common commit", () => {
  let directory: string;
  const commits: Record<string, string> = {};

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "slipway-history-"));
    const git = simpleGit(directory);
    await git.init(["--initial-branch=main"]);
    await git.addConfig("user.name", "test").addConfig("user.email", "test@localhost");
    const make = async (name: string) => {
      await git.commit(name, { "--allow-empty": null, "--no-verify": null, "--no-gpg-sign": null });
      commits[name] = (await git.revparse(["HEAD"])).trim();
    };
    await make("root");
    await make("main");
    await git.checkout(["-b", "branch", commits.root ?? ""]);
    await make("branch");
    await git.checkout(["--orphan", "other"]);
    await make("orphan");
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const of = (one: string, other: string) =>
    commonAncestor(directory, commits[one] ?? one, commits[other] ?? other);

  test("is found in the repository", async () => {
    expect(await of("root", "main")).toBe(commits.root);
    expect(await of("main", "root")).toBe(commits.root);
    expect(await of("main", "branch")).toBe(commits.root);
    expect(await of("main", "orphan")).toBe("");
  });

  test("is not known of a commit that the repository does not have", async () => {
    expect(await of("main", "f".repeat(40))).toBeUndefined();
    expect(await of("main", "--all")).toBeUndefined();
    expect(await commonAncestor(tmpdir(), commits.root ?? "", commits.main ?? "")).toBeUndefined();
  });

  test("is not told from a shallow copy, where history may be missing", async () => {
    const shallow = await mkdtemp(join(tmpdir(), "slipway-shallow-"));
    await simpleGit().clone(`file://${directory}`, shallow, ["--depth=1", "--no-single-branch"]);
    expect(await commonAncestor(shallow, commits.main ?? "", commits.branch ?? "")).toBeUndefined();
    await rm(shallow, { recursive: true, force: true });
  });
});
