import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchGetImageCommand, ECRClient } from "@aws-sdk/client-ecr";
import { DescribeServicesCommand, ECSClient } from "@aws-sdk/client-ecs";
import { IAMClient, SimulatePrincipalPolicyCommand } from "@aws-sdk/client-iam";
import { beforeEach, describe, expect, test } from "vitest";
import { catalogueSchema, resolveCatalogue } from "../../../../config/catalogue/catalogue.ts";
import type { StackDescription } from "../../../../config/description/description.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { slipwaySchema } from "../../../../config/settings.ts";
import { githubSchema } from "../../../../config/stack/github.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { createClients } from "../../../../runner/aws/clients.ts";
import { checkToken, judgeToken } from "../../../../runner/commands/doctor/job.ts";
import {
  checkPermissions,
  judge,
  policySource,
  roleOf,
} from "../../../../runner/commands/doctor/permissions.ts";
import { deniedNeeds } from "../../../../runner/commands/doctor/simulation.ts";
import { mockClient, takeDeviations } from "../../../aws/mock-client.ts";

const role = "arn:aws:iam::111122223333:role/slipway-dev-deploy";
const caller = {
  account: "111122223333",
  arn: "arn:aws:sts::111122223333:assumed-role/slipway-dev-deploy/session",
};
const github = githubSchema.parse({
  repository: "octo-org/octo-repo",
  environment: "dev",
  tags: ["v*"],
  taskRoles: ["arn:aws:iam::111122223333:role/ui-task"],
});

function description(aws: object = {}): StackDescription {
  const written = catalogueSchema.parse({
    services: { ui: { context: "ui", targets: [{ kind: "ecs", cluster: "shop-dev", service: "ui" }] } },
  });
  return {
    directory: "/project",
    catalogue: resolveCatalogue(written, "dev"),
    settings: {
      ...slipwaySchema.parse({}),
      github,
      aws: awsSchema.parse({ region: "eu-central-1", ...aws }),
      stack: "dev",
    },
  };
}

describe("the caller", () => {
  test("of a session has the policies of its role, and the root has none to ask about", () => {
    expect(policySource(caller.arn)).toBe(role);
    expect(policySource("arn:aws:iam::111122223333:user/ann")).toBe("arn:aws:iam::111122223333:user/ann");
    expect(policySource("arn:aws:iam::111122223333:root")).toBeUndefined();
  });

  test("is the role that its name says, and else the one that deploys", () => {
    const session = (name: string) => `arn:aws:sts::111122223333:assumed-role/${name}/s`;
    expect(roleOf(session("slipway-dev-pull-request"))).toBe("pullRequest");
    expect(roleOf(session("slipway-dev-push"))).toBe("push");
    expect(roleOf(session("slipway-dev-deploy"))).toBe("deploy");
    expect(roleOf(session("slipway-dev-inspect"))).toBe("inspect");
    expect(roleOf(session("our-own"))).toBe("deploy");
  });
});

describe("the permissions of a pipeline", () => {
  const iam = mockClient(IAMClient);
  beforeEach(() => iam.reset());

  const check = (aws: object = {}) =>
    checkPermissions(description(aws), {
      clients: createClients(description(aws).settings),
      caller,
      signal: AbortSignal.timeout(10_000),
    });

  /** IAM that denies one action, on one resource where one is named. */
  const answer = (denied: string, options: { readonly on?: string } = {}) =>
    iam.on(SimulatePrincipalPolicyCommand).callsFake(({ ActionNames, ResourceArns }) => {
      const decide = (action: string, resource: string) =>
        action === denied && (options.on ?? resource) === resource ? "implicitDeny" : "allowed";
      return {
        EvaluationResults: (ActionNames as string[]).map((action) => {
          const decisions = (ResourceArns as string[]).map((resource) => ({
            EvalResourceName: resource,
            EvalResourceDecision: decide(action, resource),
          }));
          return {
            EvalActionName: action,
            // A template, as AWS names a type of resources.
            EvalResourceName: ["arn:${Partition}:", ":${Region}:${Account}:*"].join(action.split(":")[0]),
            EvalDecision: decisions.every((one) => one.EvalResourceDecision === "allowed")
              ? "allowed"
              : "implicitDeny",
            ResourceSpecificResults: decisions,
          };
        }),
      };
    });

  /** The same from what stands in for IAM: a result a resource; `first`: for the first resource only. */
  const answerByResource = (denied: string, first: boolean) =>
    iam.on(SimulatePrincipalPolicyCommand).callsFake(({ ActionNames, ResourceArns }) => ({
      EvaluationResults: (ActionNames as string[]).flatMap((EvalActionName) =>
        (ResourceArns as string[]).slice(0, first ? 1 : undefined).map((EvalResourceName) => ({
          EvalActionName,
          EvalResourceName,
          EvalDecision: EvalActionName === denied ? "implicitDeny" : "allowed",
        })),
      ),
    }));

  test("are all there when IAM allows each", async () => {
    answer("");
    expect(await check()).toEqual([
      {
        name: "permissions",
        state: "ok",
        message: expect.stringMatching(
          /role\/slipway-dev-deploy has all \d+ permissions that the deploy role needs/,
        ),
      },
    ]);
    const calls = iam.commandCalls(SimulatePrincipalPolicyCommand).map(({ args: [{ input }] }) => input);
    expect(new Set(calls.map((input) => input.PolicySourceArn))).toEqual(new Set([role]));
    const passing = calls.find((input) => input.ActionNames?.includes("iam:PassRole"));
    expect(passing?.ContextEntries).toEqual([
      {
        ContextKeyName: "iam:PassedToService",
        ContextKeyValues: ["ecs-tasks.amazonaws.com"],
        ContextKeyType: "string",
      },
    ]);
  });

  const updateIsMissing = {
    name: "permissions",
    state: "fail",
    message:
      "ecs:UpdateService is missing on arn:aws:ecs:eu-central-1:111122223333:service/shop-dev/ui: update a service to a revision",
    fix: expect.stringContaining(role),
  };

  test("that are missing are named, with the resource and what for", async () => {
    answer("ecs:UpdateService");
    expect(await check()).toEqual([updateIsMissing]);
  });

  test("that are missing on one resource of several are missing on that one only", async () => {
    const repository = (name: string) => `arn:aws:ecr:eu-central-1:111122223333:repository/${name}`;
    answer("ecr:PutImage", { on: repository("shop") });
    const needs = ["ui", "shop", "cart"].map((name) => ({
      action: "ecr:PutImage",
      resource: repository(name),
      why: "push",
      conditions: undefined,
    }));
    const clients = createClients(description().settings);
    const denied = await deniedNeeds(clients, role, needs, AbortSignal.timeout(10_000));
    expect(denied).toEqual([needs[1]]);
    expect(iam.commandCalls(SimulatePrincipalPolicyCommand)).toHaveLength(1);
  });

  test.each([false, true])(
    "are found in an answer for each resource, too (the first only: %s)",
    async (first) => {
      answerByResource("ecs:UpdateService", first);
      expect(await check()).toEqual([updateIsMissing]);
      // Not what AWS answers.
      expect(new Set(takeDeviations().map(({ kind }) => kind))).toEqual(new Set(["combination"]));
    },
  );

  test("include what images are promoted from, read from that stack's file", async () => {
    const directory = await mkdtemp(join(tmpdir(), "slipway-promotes-"));
    await writeFile(join(directory, "services.yaml"), "services:\n  ui: { context: ui }\n");
    await writeFile(
      join(directory, "Pulumi.test.yaml"),
      'config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["444455556666"]\n',
    );
    answer("ecr:GetDownloadUrlForLayer");
    const { settings, ...others } = description();
    const promoting = {
      ...others,
      directory,
      settings: { ...settings, github: { ...github, promotesFrom: ["test"] } },
    };
    const clients = createClients(settings);
    const [found] = await checkPermissions(promoting, {
      clients,
      caller,
      signal: AbortSignal.timeout(10_000),
    });
    clients.destroy();
    await rm(directory, { recursive: true, force: true });
    expect(found).toMatchObject({
      state: "fail",
      message: expect.stringMatching(/^ecr:GetDownloadUrlForLayer is missing on \S+ and \d+ more: /),
    });
    const asked = iam
      .commandCalls(SimulatePrincipalPolicyCommand)
      .flatMap(({ args: [{ input }] }) => input.ResourceArns ?? []);
    expect(asked).toContain("arn:aws:ecr:eu-west-1:444455556666:repository/ui");
  });

  test("are not asked about where a condition decides and no AWS answers", async () => {
    answer("iam:PassRole");
    const [found] = await check({ endpoints: [{ iam: "http://localhost:4566" }] });
    expect(found).toMatchObject({
      state: "ok",
      message: expect.stringMatching(/conditions are not checked/),
    });
  });

  test("that may not be simulated are found by reading, as far as that goes", async () => {
    // As the clients throw what AWS refuses.
    const refusal = new UserError({ code: "access-denied", message: "may not" });
    iam.on(SimulatePrincipalPolicyCommand).rejects(refusal);
    const ecs = mockClient(ECSClient).on(DescribeServicesCommand).rejects(refusal);
    const ecr = mockClient(ECRClient)
      .on(BatchGetImageCommand)
      .rejects(new Error("RepositoryNotFoundException"));
    expect(await check()).toEqual([
      expect.objectContaining({
        state: "warn",
        message: expect.stringContaining("Slipway tried 2 read-only calls: AWS allowed 1"),
      }),
      expect.objectContaining({ state: "fail", message: "AWS refused ecs:DescribeServices on shop-dev/ui" }),
    ]);
    ecs.restore();
    ecr.restore();
  });

  test("are listed by action, and no more of them than one reads", () => {
    const missing = Array.from({ length: 40 }, (_, index) => ({
      action: `ecs:Action${index}`,
      resource: "*",
      why: "x",
      conditions: undefined,
    }));
    const checks = judge("deploy", role, { missing, checked: 50, left: 0 });
    expect(checks).toHaveLength(31);
    expect(checks.at(-1)?.message).toBe("10 more actions are missing");
  });
});

describe("a job's token", () => {
  const signal = AbortSignal.timeout(10_000);

  test("is held against what the role trusts", () => {
    expect(judgeToken({ sub: "repo:octo-org/octo-repo:environment:dev" }, github, "deploy").state).toBe("ok");
    expect(judgeToken({ sub: "repo:octo-org/octo-repo:ref:refs/tags/v1" }, github, "push").state).toBe("ok");
    expect(
      judgeToken({ sub: "repo:octo-org/octo-repo:ref:refs/heads/main" }, github, "deploy"),
    ).toMatchObject({
      state: "fail",
      message: expect.stringContaining("trusts repo:octo-org/octo-repo:environment:dev"),
    });
    expect(judgeToken({ sub: "repo:octo-org@1/octo-repo@2:environment:dev" }, github, "deploy").fix).toMatch(
      /set ownerId and repositoryId/,
    );
  });

  test("that can't be had is because of the job's permissions", async () => {
    expect(await checkToken(github, "deploy", { GITHUB_ACTIONS: "true" }, signal)).toMatchObject({
      state: "warn",
      fix: expect.stringContaining("id-token: write"),
    });
    expect((await checkToken(github, "deploy", {}, signal)).message).toMatch(/not a GitHub Actions job/);
  });

  test("is asked of GitHub for AWS, and read", async () => {
    const asked: string[] = [];
    const claims = {
      iss: "https://token.actions.githubusercontent.com",
      sub: "repo:octo-org/octo-repo:environment:dev",
    };
    const server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      const value = `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;
      response.end(JSON.stringify({ value }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?api-version=2.0`;
    const environment = {
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: url,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "bearer",
    };
    const found = await checkToken(github, "deploy", environment, signal);
    server.close();
    expect(found).toMatchObject({ state: "ok" });
    expect(asked).toEqual(["/token?api-version=2.0&audience=sts.amazonaws.com Bearer bearer"]);
  });
});
