import { describe, expect, it } from "vitest";
import {
  isLoopback,
  problemsOfAccount,
  readConfiguration,
} from "../../../../sandbox/provider/configuration.ts";
import type { PropertyBag } from "../../../../sandbox/provider/property.ts";

const endpoint = "http://127.0.0.1:4566";
const least = { region: "eu-central-1", endpoints: JSON.stringify([{ sts: endpoint }, { ecr: endpoint }]) };
const read = (sent: PropertyBag, environment = {}) => readConfiguration({ ...least, ...sent }, environment);

describe("the provider's configuration", () => {
  it("comes as JSON text", () => {
    const configuration = read({
      defaultTags: '{"tags":{"team":"shop"}}',
      allowedAccountIds: '["000000000000"]',
      skipCredentialsValidation: "true",
      s3UsePathStyle: "true",
      version: "7.48.0",
    });
    expect(configuration).toMatchObject({
      endpoints: { sts: endpoint, ecr: endpoint },
      defaultTags: { team: "shop" },
      allowedAccountIds: ["000000000000"],
    });
  });

  it("takes an access key of digits as text", () => {
    expect(read({ accessKey: "111122223333" }).credentials.accessKeyId).toBe("111122223333");
  });

  it("never takes credentials of a profile", () => {
    expect(read({ profile: "prod" }).credentials).toEqual({
      accessKeyId: "sandbox",
      secretAccessKey: "sandbox",
    });
  });

  it("takes the region from the environment when none is set", () => {
    const sent = { endpoints: least.endpoints };
    expect(readConfiguration(sent, { AWS_REGION: "us-east-1" }).region).toBe("us-east-1");
  });

  it.each([
    ["no endpoints", { endpoints: undefined }, /needs an endpoint for every service/],
    [
      "an endpoint of AWS",
      { endpoints: '[{"ecr":"https://api.ecr.eu-central-1.amazonaws.com"}]' },
      /only endpoints on this machine/,
    ],
    [
      "an endpoint elsewhere",
      { endpoints: '[{"ecr":"http://192.0.2.7:4566"}]' },
      /only endpoints on this machine/,
    ],
    ["an unknown key", { regoin: "x" }, /no such setting[\s\S]*did you mean "region"/],
    [
      "a role to assume",
      { assumeRoles: '[{"roleArn":"arn:aws:iam::111122223333:role/x"}]' },
      /does not support/,
    ],
    ["an account that is none", { allowedAccountIds: '["12"]' }, /12-digit/],
  ])("is refused with %s", (_name, sent, message) => {
    expect(() => read(sent)).toThrow(message);
  });

  it.each([
    ["http://127.0.0.1:1", true],
    ["http://127.8.8.8", true],
    ["http://localhost:4566", true],
    ["http://ecr.localhost:4566", true],
    ["http://[::1]:4566", true],
    ["http://127.0.0.1.example.com", false],
    ["http://localhost.example.com", false],
    ["https://10.0.0.1", false],
  ])("says of %s that it is on this machine: %s", (url, expected) => {
    expect(isLoopback(url)).toBe(expected);
  });

  it("guards the account", () => {
    const configuration = read({ allowedAccountIds: '["111122223333"]' });
    expect(problemsOfAccount("111122223333", configuration)).toEqual([]);
    expect(problemsOfAccount("000000000000", configuration)[0]?.code).toBe("account-not-allowed");
    const forbidding = read({ forbiddenAccountIds: '["000000000000"]' });
    expect(problemsOfAccount("000000000000", forbidding)[0]?.code).toBe("account-forbidden");
  });
});
