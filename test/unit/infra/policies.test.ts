import { expect, test } from "vitest";
import { type Account, accountLike } from "../../../infra/account.ts";
import { deliveryStatements } from "../../../infra/alarms/event-log.ts";
import { topicStatements } from "../../../infra/alarms/topic.ts";
import { keyStatements } from "../../../infra/encryption-key.ts";
import { policyDocument } from "../../../infra/policy-document.ts";
import { pullStatements } from "../../../infra/repository.ts";

const id = "111122223333";
const accounts = [
  "eu-central-1",
  "cn-north-1",
  "us-gov-west-1",
  "eusc-de-east-1",
  "us-iso-east-1",
  "us-isob-east-1",
].map((region) => ({ ...accountLike(region), id }));
const target = { kind: "lambda", function: "shop", alias: "live", timeoutSeconds: 300, order: 0 } as const;

const logGroup = "/aws/events/slipway-dev";
const documentsIn = (account: Account) => ({
  key: keyStatements(account),
  topic: topicStatements(`arn:${account.partition}:sns:${account.region}:${id}:alerts`, account),
  events: deliveryStatements(logGroup, "slipway-dev", account),
  repository: pullStatements([`arn:${account.partition}:iam::${id}:role/cluster`], {
    targets: [target],
  }).map((statement) => statement(account)),
});
const documents = accounts.flatMap((account) =>
  Object.entries(documentsIn(account)).map(([name, statements]) => ({ name, account, statements })),
);

/** What EventBridge does for a rule without naming it, so that no condition may stand in its way. */
const unconditioned = ["logs:CreateLogStream"];

test.each(documents)(
  "the policy of the $name in $account.region lets no service in without saying whose",
  ({ statements }) => {
    for (const { principals, actions, conditions } of statements) {
      if (principals === undefined || !("services" in principals)) continue;
      if (actions.some((action) => unconditioned.includes(action))) continue;
      const values = Object.values(conditions ?? {}).flatMap((keys) => Object.entries(keys));
      expect(values.length).toBeGreaterThan(0);
      for (const [key, allowed] of values) {
        expect(["aws:SourceAccount", "aws:SourceArn"]).toContain(key);
        for (const value of allowed) expect(value).toContain(id);
      }
    }
  },
);

test.each(documents)(
  "the policy of the $name in $account.region names the partition that the account is in",
  ({ statements, account }) => {
    const arns = policyDocument(statements).match(/arn:[a-z-]+:/g) ?? [];
    expect([...new Set(arns)]).toEqual([`arn:${account.partition}:`]);
  },
);

test.each(accounts)(
  "EventBridge may write to the stack's log group, and to no other, in $region",
  (account) => {
    const statements = deliveryStatements(logGroup, "slipway-dev", account);
    const arn = (service: string, rest: string) =>
      `arn:${account.partition}:${service}:${account.region}:${id}:${rest}`;
    expect(statements.map(({ actions, conditions }) => [actions, conditions])).toEqual([
      [["logs:CreateLogStream"], undefined],
      [["logs:PutLogEvents"], { ArnLike: { "aws:SourceArn": [arn("events", "rule/slipway-dev-*")] } }],
    ]);
    for (const { resources, principals } of statements) {
      expect(resources).toEqual([arn("logs", `log-group:${logGroup}:*`)]);
      expect(principals).toEqual({ services: ["delivery.logs.amazonaws.com", "events.amazonaws.com"] });
    }
  },
);

test("Lambda is asked for nothing but its function's ARN, which names the account", () => {
  for (const account of accounts) {
    const [, lambda] = documentsIn(account).repository;
    const arn = `arn:${account.partition}:lambda:${account.region}:${id}:function:shop`;
    expect(lambda?.conditions).toEqual({ ArnLike: { "aws:SourceArn": [arn, `${arn}:*`] } });
  }
});

const inChina = { id, region: "cn-north-1", partition: "aws-cn" };

test("a list of one is written as the one, as AWS gives it back", () => {
  expect(JSON.parse(policyDocument(documentsIn(inChina).repository)).Statement[0]).toEqual({
    Sid: "Pull",
    Effect: "Allow",
    Principal: { AWS: "arn:aws-cn:iam::111122223333:role/cluster" },
    Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
  });
});
