import { expect, test } from "vitest";
import { deliveryStatements } from "../../../infra/alarms/event-log.ts";
import { topicStatements } from "../../../infra/alarms/topic.ts";
import { keyStatements } from "../../../infra/encryption-key.ts";
import { policyDocument } from "../../../infra/policy-document.ts";
import { pullStatements } from "../../../infra/repository.ts";

const account = { id: "111122223333", region: "cn-north-1", partition: "aws-cn" };
const target = { kind: "lambda", function: "shop", alias: "live", timeoutSeconds: 300, order: 0 } as const;

const documents = {
  key: keyStatements(account),
  topic: topicStatements("arn:aws-cn:sns:cn-north-1:111122223333:alerts", account),
  events: deliveryStatements("/aws/events/slipway-dev", "slipway-dev", account),
  repository: pullStatements(["arn:aws-cn:iam::111122223333:role/cluster"], {
    targets: [target],
  }).map((statement) => statement(account)),
};

test.each(Object.entries(documents))(
  "the policy of the %s lets no service in without saying whose",
  (_, statements) => {
    for (const statement of statements) {
      if (statement.principals === undefined || !("services" in statement.principals)) continue;
      expect(statement.conditions?.StringEquals).toEqual({ "aws:SourceAccount": ["111122223333"] });
    }
  },
);

test.each(Object.entries(documents))(
  "the policy of the %s names the partition that the account is in",
  (_, statements) => {
    expect(policyDocument(statements)).not.toContain("arn:aws:");
  },
);

test("a list of one is written as the one, as AWS gives it back", () => {
  expect(JSON.parse(policyDocument(documents.repository)).Statement[0]).toEqual({
    Sid: "Pull",
    Effect: "Allow",
    Principal: { AWS: "arn:aws-cn:iam::111122223333:role/cluster" },
    Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
  });
});
