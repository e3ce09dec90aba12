import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { parseSettings } from "../../../../config/description/settings.ts";
import { awsSchema, declarationKeys, refusedAwsKeys } from "../../../../config/stack/provider.ts";

/** Every key of the pinned AWS provider. */
function providerKeys(): string[] {
  const file = createRequire(import.meta.url).resolve("@pulumi/aws/config/vars.d.ts");
  return [...readFileSync(file, "utf8").matchAll(/^export declare const (\w+):/gm)].map(
    ([, key = ""]) => key,
  );
}

test("each key of the AWS provider is followed by both halves, refused, or of no account to the runner", () => {
  const followed = Object.keys(awsSchema.shape);
  const known = [...followed, ...Object.keys(refusedAwsKeys), ...declarationKeys];
  expect(providerKeys().length).toBeGreaterThan(30);
  expect(providerKeys().filter((key) => !known.includes(key))).toEqual([]);
  expect(known.filter((key, index) => known.indexOf(key) !== index)).toEqual([]);
});

function problems(config: object) {
  const checked = parseSettings({ "aws:region": "eu-west-1", ...config }, "dev", "Pulumi.dev.yaml");
  return "problems" in checked ? checked.problems : [];
}

test.each([
  ["aws:assumeRole", { roleArn: "arn:aws:iam::111122223333:role/deploy" }, /aws:assumeRoles/],
  ["aws:sharedConfigFiles", ["/etc/aws"], /AWS_CONFIG_FILE/],
  ["aws:insecure", true, /remove it/],
  ["aws:httpsProxy", "http://proxy", /remove it/],
])("%s, which only the provider would follow, is refused by name", (key, value, fix) => {
  expect(problems({ [key]: value })).toMatchObject([
    { code: "unlike-halves", where: "Pulumi.dev.yaml", key, fix: expect.stringMatching(fix) },
  ]);
});

test("keys that only Pulumi can read, and half a key, are refused", () => {
  const secure = { secure: "v1:abc" };
  const found = problems({ "aws:accessKey": "AKIA", "aws:secretKey": secure });
  expect(found[0]).toMatchObject({ code: "unlike-halves", key: "aws:secretKey" });
  expect(JSON.stringify(found)).not.toContain("v1:abc");
  expect(problems({ "aws:accessKey": "AKIA" })).toMatchObject([{ key: "aws:secretKey" }]);
});

test("a misspelt key of a role, and what is none, are named", () => {
  const role = { roleArn: "deploy", externalID: "x", duration: "an hour" };
  expect(problems({ "aws:assumeRoles": [role] }).map(({ key }) => key)).toEqual([
    "aws:assumeRoles[0].roleArn",
    "aws:assumeRoles[0].duration",
    "aws:assumeRoles[0].externalID",
  ]);
});

test("what the sandbox and everyday stacks have is taken", () => {
  expect(
    problems({
      "aws:profile": "dev",
      "aws:skipMetadataApiCheck": true,
      "aws:insecure": false,
      "aws:defaultTags": { tags: { a: "b" } },
      "aws:assumeRoles": [{ roleArn: "arn:aws-cn:iam::111122223333:role/path/deploy", duration: "45m" }],
    }),
  ).toEqual([]);
});
