import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import type { PlatformOutputs } from "../../config/stack/outputs.ts";
import { serviceImage } from "../../examples/shop/app/images.ts";

const registry = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";
const names = ["ui", "catalog", "cart", "orders", "checkout"];
const webNames = names.slice(0, 4);

interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const declared: Declared[] = [];
const ignored = new Map<string, readonly string[]>();

beforeAll(async () => {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        if (type === "pulumi:pulumi:StackReference") {
          return { id: name, state: { ...inputs, outputs: platformOutputs(), secretOutputNames: [] } };
        }
        declared.push({ type, name, inputs });
        return {
          id: `${name}-id`,
          state: { ...inputs, arn: `arn:aws:test:::${type}/${name}`, version: "1" },
        };
      },
      call: ({ token, inputs }) => {
        if (token === "aws:ec2/getVpc:getVpc") return { ...inputs, id: "vpc-1", cidrBlock: "172.31.0.0/16" };
        if (token === "aws:ec2/getSubnets:getSubnets") return { ...inputs, ids: ["subnet-1", "subnet-2"] };
        throw new Error(`not expected: ${token}`);
      },
    },
    "shop-app",
    "dev",
  );
  pulumi.runtime.setAllConfig({
    "aws:region": "eu-central-1",
    "shop-app:platform": "organization/slipway/dev",
    "shop-app:desiredCount": "2",
  });
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      ignored.set(`${type}/${name}`, opts.ignoreChanges ?? []);
      return undefined;
    });
    return import("../../examples/shop/app/index.ts");
  });
  await pulumi.runtime.disconnect();
});

describe("the shop's project", () => {
  test("runs each service from the index, by digest, on what it is told to", () => {
    for (const name of webNames) {
      const definition = inputsOf("aws:ecs/taskDefinition:TaskDefinition", name);
      expect(containerOf(name).image).toBe(`${registry}/shop/${name}@${digest(name, "index")}`);
      expect(definition.runtimePlatform).toEqual({
        operatingSystemFamily: "LINUX",
        cpuArchitecture: "X86_64",
      });
    }
  });

  test("names the container as the service, which is where a deployment puts the image", () => {
    for (const name of webNames) expect(containerOf(name).name).toBe(name);
  });

  test("runs containers that cannot write, have no capabilities, and are checked for health", () => {
    for (const name of webNames) {
      expect(containerOf(name)).toMatchObject({
        readonlyRootFilesystem: true,
        linuxParameters: { capabilities: { drop: ["ALL"] } },
        healthCheck: { command: expect.arrayContaining(["http://127.0.0.1:8080/health"]) },
      });
    }
  });

  test("keeps the revisions that a deployment may go back to", () => {
    for (const name of webNames) {
      expect(inputsOf("aws:ecs/taskDefinition:TaskDefinition", name).skipDestroy).toBe(true);
    }
  });

  test("leaves to deployments what deployments move", () => {
    for (const name of webNames) {
      expect(ignored.get(`aws:ecs/service:Service/${name}`)).toEqual(["taskDefinition", "desiredCount"]);
    }
    expect(ignored.get("aws:lambda/function:Function/checkout")).toEqual(["imageUri"]);
    expect(ignored.get("aws:lambda/alias:Alias/checkout")).toEqual(["functionVersion", "routingConfig"]);
  });

  test("rolls a failed deployment back, and never has fewer tasks than asked for", () => {
    for (const name of webNames) {
      expect(inputsOf("aws:ecs/service:Service", name)).toMatchObject({
        name,
        desiredCount: 2,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        deploymentMinimumHealthyPercent: 100,
      });
    }
  });

  test("gives the function the manifest of its own architecture, never the index", () => {
    expect(inputsOf("aws:lambda/function:Function", "checkout")).toMatchObject({
      name: "shop-checkout-dev",
      packageType: "Image",
      architectures: ["x86_64"],
      imageUri: `${registry}/shop/checkout@${digest("checkout", "linux/amd64")}`,
    });
  });

  test("puts the alias on the first published version", () => {
    expect(inputsOf("aws:lambda/alias:Alias", "checkout")).toMatchObject({
      name: "live",
      functionVersion: "1",
    });
  });

  test("lets a service's role pull its own image and write its own log, and nothing else", () => {
    for (const name of webNames) {
      expect(statementsOf(name)).toEqual([
        { Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
        {
          Effect: "Allow",
          Action: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
          Resource: `arn:aws:ecr:eu-central-1:111122223333:repository/shop/${name}`,
        },
        {
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
          Resource: `arn:aws:test:::aws:cloudwatch/logGroup:LogGroup/${name}:*`,
        },
      ]);
    }
  });

  test("lets the function's role write its log, and nothing else", () => {
    expect(statementsOf("checkout")).toEqual([
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: "arn:aws:test:::aws:cloudwatch/logGroup:LogGroup/checkout:*",
      },
    ]);
  });

  test("lets in the network itself only, and on one port", () => {
    const { ingress } = inputsOf("aws:ec2/securityGroup:SecurityGroup", "tasks");
    expect(ingress).toEqual([
      expect.objectContaining({ fromPort: 8080, toPort: 8080, cidrBlocks: ["172.31.0.0/16"] }),
    ]);
  });
});

describe("an image that cannot be run", () => {
  test("is refused with what to do when the service is not in the catalogue", () => {
    expect(() => serviceImage(platformOutputs(), "basket", "linux/amd64")).toThrow(
      "The platform has no service basket; add it to services.yaml.",
    );
  });

  test("is refused with what to do when it has not been built", () => {
    const outputs = platformOutputs();
    const { repository } = outputs.services.ui ?? expect.fail("ui is there");
    const services = { ...outputs.services, ui: { repository } };
    expect(() => serviceImage({ ...outputs, services }, "ui", "linux/amd64")).toThrow(
      "The image of ui has not been built",
    );
  });

  test("is refused when it was not built for the architecture", () => {
    expect(() => serviceImage(platformOutputs(), "ui", "linux/s390x")).toThrow(
      "The image of ui is built for linux/amd64, linux/arm64, not for linux/s390x.",
    );
  });
});

function platformOutputs(): PlatformOutputs {
  const entries = names.map((name) => {
    const url = `${registry}/shop/${name}`;
    const arn = `arn:aws:ecr:eu-central-1:111122223333:repository/shop/${name}`;
    const index = digest(name, "index");
    const manifests = Object.fromEntries(
      ["linux/amd64", "linux/arm64"].map((platform) => [platform, digest(name, platform)]),
    );
    const image = { ref: `${url}@${index}`, digest: index, sourceHash: "0123456789abcdef", manifests };
    return [name, { repository: { name: `shop/${name}`, arn, url }, image }] as const;
  });
  return {
    services: Object.fromEntries(entries),
    topicArn: "arn:aws:sns:eu-central-1:111122223333:alerts",
    alarmArns: {},
    dashboard: "slipway-dev",
  };
}

/** A digest that no other service or platform has. */
function digest(name: string, of: string): string {
  return `sha256:${Buffer.from(`${name} ${of}`).toString("hex").padEnd(64, "0")}`;
}

function inputsOf(type: string, name: string): Record<string, unknown> {
  const found = declared.find((resource) => resource.type === type && resource.name === name);
  if (found === undefined) throw new Error(`${type} ${name} is not declared`);
  return found.inputs;
}

function containerOf(name: string): Record<string, unknown> {
  const definitions = inputsOf("aws:ecs/taskDefinition:TaskDefinition", name).containerDefinitions;
  const [container] = JSON.parse(String(definitions)) as Record<string, unknown>[];
  return container ?? expect.fail(`${name} has a container`);
}

function statementsOf(role: string): unknown {
  const document = JSON.parse(String(inputsOf("aws:iam/rolePolicy:RolePolicy", role).policy));
  return (document as { readonly Statement: unknown }).Statement;
}
