import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lifecycleDocument } from "../../../../sandbox/provider/awsx/repository.ts";
import { policyDocument } from "../../../../sandbox/provider/functions/policy-document.ts";
import { saysNotImplemented } from "../../../../sandbox/provider/missing-operation.ts";
import { isSame } from "../../../../sandbox/provider/property.ts";
import { functions, resources } from "../../../../sandbox/provider/registry.ts";
import {
  comparableRules,
  permissionOf,
  rulesOf,
  singleRules,
  without,
} from "../../../../sandbox/provider/resources/ec2/security-group-rules.ts";
import { comparableContainers } from "../../../../sandbox/provider/resources/ecs/container-definitions.ts";

describe("the registry", () => {
  it.each(Object.entries(resources))("has %s under its own token", async (token, load) => {
    expect((await load()).token).toBe(token);
  });

  it.each(Object.entries(functions))("has the function %s", async (_token, load) => {
    expect(await load()).toBeTypeOf("function");
  });
});

describe("container definitions", () => {
  it("are the same with what ECS fills in, and in another order", () => {
    const declared = JSON.stringify([
      { name: "b", image: "i" },
      {
        name: "a",
        image: "i",
        portMappings: [{ containerPort: 80 }],
        environment: [
          { name: "Y", value: "1" },
          { name: "X", value: "2" },
        ],
      },
    ]);
    const live = [
      {
        name: "a",
        image: "i",
        cpu: 0,
        essential: true,
        environment: [
          { name: "X", value: "2" },
          { name: "Y", value: "1" },
        ],
        portMappings: [{ containerPort: 80, hostPort: 80, protocol: "tcp" }],
        mountPoints: [],
        volumesFrom: [],
      },
      { name: "b", image: "i", cpu: 0, essential: true, portMappings: [] },
    ];
    expect(isSame(comparableContainers(declared), comparableContainers(JSON.stringify(live)))).toBe(true);
  });

  it("differ by the image", () => {
    const of = (image: string) => comparableContainers(JSON.stringify([{ name: "a", image }]));
    expect(isSame(of("i@sha256:1"), of("i@sha256:2"))).toBe(false);
  });
});

describe("rules of a security group", () => {
  const rule = fc.record({
    protocol: fc.constantFrom("tcp", "udp"),
    fromPort: fc.integer({ min: 1, max: 9 }),
    toPort: fc.integer({ min: 10, max: 19 }),
    description: fc.constantFrom("", "inside"),
    cidrBlocks: fc.uniqueArray(fc.constantFrom("10.0.0.0/8", "172.16.0.0/12", "0.0.0.0/0"), { maxLength: 3 }),
    securityGroups: fc.uniqueArray(fc.constantFrom("sg-1", "sg-2"), { maxLength: 2 }),
    self: fc.boolean(),
  });

  it("mean the same after a round trip through EC2's form", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
        const unique = [...new Map(singleRules(rules).map((each) => [JSON.stringify(each), each])).values()];
        const live = rulesOf(
          unique.map((single) => permissionOf(single, "sg-own")),
          "sg-own",
        );
        expect(without(singleRules(live), unique)).toEqual([]);
        expect(without(unique, singleRules(live))).toEqual([]);
      }),
    );
  });

  it("are compared by what they let through, not by how they are put together", () => {
    const base = { protocol: "tcp", fromPort: 80, toPort: 80 };
    const together = [{ ...base, cidrBlocks: ["10.0.0.0/8", "172.16.0.0/12"] }];
    const apart = [
      { ...base, cidrBlocks: ["172.16.0.0/12"] },
      { ...base, cidrBlocks: ["10.0.0.0/8"] },
    ];
    expect(isSame(comparableRules(together), comparableRules(apart))).toBe(true);
  });
});

describe("a policy document", () => {
  it("is written as the real provider writes it", () => {
    expect(
      policyDocument({
        statements: [
          {
            actions: ["sts:AssumeRole"],
            principals: [{ type: "Service", identifiers: ["b.amazonaws.com", "a.amazonaws.com"] }],
            conditions: [{ test: "StringEquals", variable: "aws:SourceAccount", values: ["111122223333"] }],
          },
        ],
      }),
    ).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "sts:AssumeRole",
          Principal: { Service: ["a.amazonaws.com", "b.amazonaws.com"] },
          Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
        },
      ],
    });
  });
});

describe("the lifecycle policy of awsx.ecr.Repository", () => {
  it("puts a rule for any image last", () => {
    const { rules } = lifecycleDocument([
      { tagStatus: "any", maximumAgeLimit: 30 },
      { tagStatus: "untagged", maximumNumberOfImages: 1 },
    ]);
    expect(rules).toMatchObject([
      {
        rulePriority: 1,
        selection: { tagStatus: "untagged", countType: "imageCountMoreThan", countNumber: 1 },
      },
      { rulePriority: 2, selection: { tagStatus: "any", countType: "sinceImagePushed", countUnit: "days" } },
    ]);
  });
});

describe("an operation that the emulator lacks", () => {
  const error = (name: string, message = "") => Object.assign(new Error(message), { name });
  it.each([
    [error("InvalidAction", "Unknown action: PutReplicationConfiguration"), true],
    [error("UnknownOperationException"), true],
    [error("InternalFailure", "Operation X is not implemented"), true],
    [error("RepositoryNotFoundException", "The repository does not exist"), false],
    [error("InvalidParameterException", "scanType"), false],
  ])("is told from other errors: %s", (given, expected) => {
    expect(saysNotImplemented(given)).toBe(expected);
  });
});
