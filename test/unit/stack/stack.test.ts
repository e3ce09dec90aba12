import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { pickStack } from "../../../runner/stack/choose.ts";
import { expandVariables } from "../../../runner/stack/environment.ts";
import { isAbandoned, lockHolder } from "../../../runner/stack/lock.ts";
import { backendProblem } from "../../../runner/stack/open.ts";
import { descendants } from "../../../runner/stack/process-tree.ts";

describe("the stack to work on", () => {
  test("is the one asked for, or the only one", () => {
    expect(pickStack("dev", ["dev", "prod"], "--stack")).toBe("dev");
    expect(pickStack(undefined, ["dev"], "--stack")).toBe("dev");
  });

  test.each([
    ["prd", ["dev", "prod"], 'did you mean "prod"?'],
    [undefined, ["dev", "prod"], "one of: dev, prod"],
    [undefined, [], "pulumi stack init"],
  ])("is asked for when it is %s of %s", (wanted, stacks, fix) => {
    expect(() => pickStack(wanted, stacks, "--stack")).toThrow(fix);
  });
});

describe("a stack's environment", () => {
  test("takes precedence over the process's, and can refer to it", () => {
    const result = expandVariables(
      [
        ["PATH", "/tools:${PATH}"],
        ["AGAIN", "${PATH}!"],
        ["REGION", "here"],
        ["UNSET", "a${NOBODY}b"],
        ["DOLLAR", "a\\$b"],
      ],
      { PATH: "/bin", REGION: "elsewhere" },
    );
    expect(result).toEqual({
      PATH: "/tools:/bin",
      AGAIN: "/tools:/bin!",
      REGION: "here",
      UNSET: "ab",
      DOLLAR: "a$b",
    });
  });
});

describe("a lock conflict", () => {
  const text = (host: string) =>
    `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  file:///state/.pulumi/locks/organization/p/dev/1.json: created by ann@${host} (pid 4242) at 2026-05-04T10:20:30Z`;

  test("says who holds the lock", () => {
    expect(lockHolder(text("builder"))).toEqual({
      description: "ann@builder (pid 4242) since 2026-05-04T10:20:30Z",
      host: "builder",
      pid: 4242,
    });
    expect(lockHolder("[409] Conflict: Another update is currently in progress.")).toBeDefined();
    expect(lockHolder("error: something else")).toBeUndefined();
  });

  test.each([
    ["a process of this machine that is gone", hostname(), "file:///state", false, true],
    ["a process of this machine that runs", hostname(), "file:///state", true, false],
    ["another machine", "elsewhere", "file:///state", false, false],
    ["a machine of the same name, state being in a bucket", hostname(), "s3://bucket", false, false],
  ])("with %s", (_, host, backend, runs, abandoned) => {
    const holder = lockHolder(text(host));
    expect(holder && isAbandoned(holder, backend, () => runs)).toBe(abandoned);
  });
});

test("a backend that can't be opened is a problem that says what to set", () => {
  const problem = backendProblem(
    new Error("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions"),
    "dev",
  );
  expect(problem).toMatchObject({ problems: [{ code: "no-backend", where: "Pulumi.dev.yaml" }] });
  const bug = new Error("something nobody expected");
  expect(backendProblem(bug, "dev")).toBe(bug);
});

test("descendants come before their parents' own, whatever group they are in", () => {
  const processes = [
    { pid: 2, parent: 1 },
    { pid: 3, parent: 2 },
    { pid: 4, parent: 3 },
    { pid: 5, parent: 1 },
  ];
  expect(descendants(processes, 2)).toEqual([4, 3]);
  expect(new Set(descendants(processes, 1))).toEqual(new Set([2, 3, 4, 5]));
});
