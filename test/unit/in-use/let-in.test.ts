import { ECRClient, GetRepositoryPolicyCommand } from "@aws-sdk/client-ecr";
import { beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import { slipwaySchema } from "../../../config/settings.ts";
import { coverageOf, othersLetIn } from "../../../runner/in-use/blind-spots.ts";
import { readLetIn } from "../../../runner/in-use/let-in.ts";
import { whoMayPull } from "../../../runner/in-use/repository-policy.ts";
import type { Session } from "../../../runner/session/session.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError } from "../registry/fixtures.ts";

const other = "444455556666";
const third = "777788889999";
const own = "111122223333";

const policy = (...statements: object[]) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((one) => ({ Effect: "Allow", Action: "ecr:BatchGetImage", ...one })),
  });
const account = (id: string) => ({ AWS: `arn:aws:iam::${id}:root` });

describe("whom a repository policy lets pull", () => {
  test.each<[string, object, readonly string[]]>([
    ["an account", { Principal: account(other) }, [other]],
    ["an account by its digits", { Principal: { AWS: other } }, [other]],
    [
      "several roles",
      { Principal: { AWS: [`arn:aws:iam::${other}:role/a`, `arn:aws:iam::${third}:role/b`] } },
      [other, third],
    ],
    ["an action with an asterisk", { Principal: account(other), Action: ["ecr:Batch*"] }, [other]],
    ["every action", { Principal: account(other), Action: "*" }, [other]],
    [
      "all but one action",
      { Principal: account(other), Action: undefined, NotAction: "ecr:PutImage" },
      [other],
    ],
    ["everybody", { Principal: "*" }, ["any account"]],
    ["everybody, by AWS", { Principal: { AWS: "*" } }, ["any account"]],
    ["all but one", { Principal: undefined, NotPrincipal: account(other) }, ["any account"]],
    [
      "an organization",
      { Principal: "*", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-abc" } } },
      ["accounts of the organization o-abc"],
    ],
    [
      "an account by a condition",
      { Principal: "*", Condition: { StringEquals: { "AWS:PrincipalAccount": [other] } } },
      [other],
    ],
    [
      "everybody but an account",
      { Principal: "*", Condition: { StringNotEquals: { "aws:PrincipalAccount": other } } },
      ["any account"],
    ],
    [
      "Lambda of another account",
      {
        Principal: { Service: "lambda.amazonaws.com" },
        Condition: { StringLike: { "aws:sourceArn": `arn:aws:lambda:eu-central-1:${other}:function:*` } },
      },
      [other],
    ],
    ["Lambda, without a condition", { Principal: { Service: "lambda.amazonaws.com" } }, []],
    ["a role that was deleted", { Principal: { AWS: "AROAEXAMPLEEXAMPLE" } }, []],
    ["nobody: it may only push", { Principal: account(other), Action: "ecr:PutImage" }, []],
    ["nobody: it is denied", { Principal: account(other), Effect: "Deny" }, []],
  ])("%s", (_, statement, who) => {
    expect(whoMayPull(policy(statement))).toEqual(who);
  });

  test("a policy that can't be read may let anybody pull", () => {
    expect(whoMayPull("{")).toEqual(["whoever a policy names that could not be read"]);
  });
});

const mock = () => mockClient(ECRClient);
let ecr: ReturnType<typeof mock>;
beforeEach(() => {
  ecr = mock();
  ecr.on(GetRepositoryPolicyCommand).rejects(awsError("RepositoryPolicyNotFoundException"));
});

const read = (...repositories: string[]) =>
  readLetIn(
    {
      clients: { ecr: new ECRClient({ region: "eu-central-1" }) },
      signal: new AbortController().signal,
    } as unknown as Session,
    repositories,
  );
const settings = (more: object = {}) => slipwaySchema.parse(more);

describe("accounts that somebody let in by hand", () => {
  test("are blind spots by name with the repositories, unless a profile is there to ask them", async () => {
    const text = policy({ Principal: account(other) });
    ecr.on(GetRepositoryPolicyCommand, { repositoryName: "shop/ui" }).resolves({ policyText: text });
    ecr.on(GetRepositoryPolicyCommand, { repositoryName: "shop/pay" }).resolves({
      policyText: policy({ Principal: { AWS: [other, third, own] } }),
    });
    const { letIn, refused } = await read("shop/ui", "shop/pay", "shop/none");
    expect(refused).toEqual([]);
    expect(othersLetIn(settings(), own, letIn)).toEqual([
      `account ${other}, which the policies of shop/ui and 1 more repository let pull`,
      `account ${third}, which the policy of shop/pay lets pull`,
    ]);
    const asked = settings({ inUse: { profiles: { [other]: "theirs" } } });
    expect(othersLetIn(asked, own, letIn).join()).not.toContain(other);
    const declared = settings({ repositories: { pullPrincipals: [`arn:aws:iam::${other}:root`] } });
    expect(othersLetIn(declared, own, letIn)).toContain(`account ${other}, which may pull`);
  });

  test("are not known where the policy may not be read, and that is a blind spot", async () => {
    const denied = new UserError({ code: "access-denied", message: "may not call ecr:GetRepositoryPolicy" });
    ecr.on(GetRepositoryPolicyCommand, { repositoryName: "shop/ui" }).rejects(denied);
    const { letIn, refused } = await read("shop/ui", "shop/pay");
    const { notLookedAt } = coverageOf(settings(), own, { unseen: [], searched: refused, letIn });
    expect(notLookedAt).toContain(
      "whom the policy of shop/ui may let pull (may not call ecr:GetRepositoryPolicy)",
    );
  });

  test("are none where AWS has no such repository, and a bug is a bug", async () => {
    ecr.on(GetRepositoryPolicyCommand).rejects(awsError("RepositoryNotFoundException"));
    expect(await read("shop/new")).toEqual({ letIn: new Map(), refused: [] });
    ecr.on(GetRepositoryPolicyCommand).rejects(new TypeError("x is not a function"));
    await expect(read("shop/new")).rejects.toThrow("x is not a function");
  });
});
