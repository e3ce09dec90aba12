import { DeleteRepositoryCommand, DescribeRepositoriesCommand } from "@aws-sdk/client-ecr";
import { afterEach, describe, expect, test, vi } from "vitest";
import { slipwaySchema } from "../../../../config/settings.ts";
import { policyOf } from "../../../../runner/commands/cleanup/arguments.ts";
import { confirmation } from "../../../../runner/commands/cleanup/confirm.ts";
import { pullRequestTags, repositoryOfRemote } from "../../../../runner/commands/cleanup/pull-requests.ts";
import { readPullRequestStates } from "../../../../runner/github/pull-request-states.ts";
import { indexOf, platformManifest } from "../../registry/fake-registry.ts";
import { awsError } from "../../registry/fixtures.ts";
import { cleanupWorld } from "./world.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the repository of a removed service", () => {
  const world = () => cleanupWorld("shop/old");

  test("goes with its images, and only without force, so that what was pushed since keeps it", async () => {
    const { registry, plan, apply } = await world();
    const one = registry.push(platformManifest({ one: 1 }));
    registry.push(indexOf({ "linux/amd64": one }), "v1", "inuse-dev-ecs-shop.old");
    registry.mock.on(DeleteRepositoryCommand as never).resolves({} as never);
    const file = await plan({ removedRepositories: "shop/old" });
    const applied = await apply(file);
    expect(applied).toMatchObject({ repositories: ["shop/old"], failed: [] });
    expect(applied.deleted).toHaveLength(2);
    const [call] = registry.mock.commandCalls(DeleteRepositoryCommand as never);
    expect(call?.args[0].input).toEqual({ repositoryName: "shop/old", force: false });
  });

  test("that is not empty by then is told as a failure", async () => {
    const { registry, plan, apply } = await world();
    registry.push(platformManifest({ one: 1 }), "v1");
    registry.mock
      .on(DeleteRepositoryCommand as never)
      .rejects(awsError("RepositoryNotEmptyException", "it still has images"));
    const applied = await apply(await plan({ removedRepositories: "shop/old" }));
    expect(applied.repositories).toEqual([]);
    expect(applied.failed).toMatchObject([{ repository: "shop/old", code: "RepositoryNotEmptyException" }]);
  });

  test("is listed, and stays, when nobody names it", async () => {
    const { registry, session, plan } = await world();
    registry.push(platformManifest({ one: 1 }), "v1");
    registry.mock.on(DescribeRepositoriesCommand as never).resolves({
      repositories: ["shop/old", "shop/ui", "other/x"].map((repositoryName) => ({ repositoryName })),
    } as never);
    const { readFile } = await import("node:fs/promises");
    const made = JSON.parse(await readFile(await plan({}, session()), "utf8"));
    expect([made.withoutService, made.removals, made.repositories]).toEqual([["shop/old"], [], []]);
  });

  test("must be of no service", async () => {
    const { plan } = await cleanupWorld();
    await expect(plan({ removedRepositories: "shop/ui" })).rejects.toThrow(/is the repository of a service/);
  });
});

describe("pull requests", () => {
  const signal = new AbortController().signal;

  test("are asked of GitHub, one call each; what it does not answer for is unknown", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (url: string | URL) => {
      asked.push(String(url));
      const number = /\d+$/.exec(String(url))?.[0];
      const body = JSON.stringify(
        number === "3" ? { message: "Not Found" } : { state: number === "1" ? "closed" : "open" },
      );
      const headers = { "content-type": "application/json" };
      return new Response(body, { status: number === "3" ? 404 : 200, headers });
    });
    const environment = { GITHUB_TOKEN: "t", GITHUB_API_URL: "http://127.0.0.1:9" };
    const { states, unknown } = await readPullRequestStates("acme/shop", [1, 2, 3], environment, signal);
    expect([...states]).toEqual([
      [1, "closed"],
      [2, "open"],
    ]);
    expect(unknown).toBe("GitHub did not answer for #3 of acme/shop: HTTP 404");
    expect(asked).toContain("http://127.0.0.1:9/repos/acme/shop/pulls/1");
  });

  test("say why GitHub could not be reached", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("fetch failed");
    });
    const { states, unknown } = await readPullRequestStates("acme/shop", [1], { GH_TOKEN: "t" }, signal);
    expect(states.size).toBe(0);
    expect(unknown).toBe("GitHub did not answer for #1 of acme/shop: fetch failed");
  });

  test.each([
    [undefined, { GITHUB_TOKEN: "t" }, /is not known/],
    ["acme/shop", {}, /no GITHUB_TOKEN/],
  ])("are all unknown without a repository or a token", async (repository, environment, reason) => {
    const { states, unknown } = await readPullRequestStates(repository, [1], environment, signal);
    expect(states.size).toBe(0);
    expect(unknown).toMatch(reason);
  });

  test("are in tags by the stack's own formats", () => {
    const { tags } = slipwaySchema.parse({ tags: ["mr.{pr}-{sha7}", "v{semver}"] });
    const numberOf = pullRequestTags({ tags });
    expect(["pr-12", "mr.7-0123abc", "mrx7-0123abc", "pr-12-x", "v1.2.3", "expr-1"].map(numberOf)).toEqual([
      12,
      7,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each([
    ["git@github.com:acme/shop.git", "acme/shop"],
    ["https://github.com/acme/shop", "acme/shop"],
    ["ssh://git@github.acme.org:22/acme/shop.git", "acme/shop"],
    ["https://gitlab.com/acme/shop.git", undefined],
    ["", undefined],
  ])("are of the repository of the remote %s", (url, repository) => {
    expect(repositoryOfRemote(url)).toBe(repository);
  });
});

describe("options", () => {
  const written = {
    kinds: "caches, untagged",
    keepNewest: 1,
    graceDays: 0,
    despiteBlindSpots: false,
    removedRepositories: "a/b,,a/b",
  };

  test("are lists with commas, each once", () => {
    expect(policyOf(written)).toMatchObject({ kinds: ["untagged", "caches"], removedRepositories: ["a/b"] });
  });

  test("that can't be are refused together", () => {
    expect(() => policyOf({ ...written, kinds: "cache", keepNewest: -1, graceDays: -2 })).toThrow(
      /--kinds[\s\S]*did you mean "caches"[\s\S]*--keep-newest[\s\S]*--grace-days/,
    );
  });

  test("need --yes without a terminal", async () => {
    expect(() => confirmation({ yes: false, output: "json" })).toThrow(/pass --yes/);
    expect(await confirmation({ yes: true, output: "json" })(1, 0)).toBe(true);
  });
});
