import { describe, expect, test } from "vitest";
import { canonical, declarationHash } from "../../../../config/description/declaration.ts";
import type { StackDescription } from "../../../../config/description/description.ts";
import { loadStack } from "../../../../config/description/load.ts";

const described = () => loadStack(process.cwd(), "dev");
const hashOf = (description: StackDescription) => declarationHash(description, "slipway");

describe("the hash of a declaration", () => {
  test("is the same for the same description, whoever holds the keys", async () => {
    const description = await described();
    const { settings } = description;
    const aws = { ...settings.aws, accessKey: "AKIA", secretKey: "secret", token: "token" };
    const hash = await hashOf(description);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await hashOf(await described())).toBe(hash);
    expect(await hashOf({ ...description, settings: { ...settings, aws } })).toBe(hash);
  });

  test("is another one with another catalogue, other settings, another region or another project", async () => {
    const description = await described();
    const { catalogue, settings } = description;
    const [first, ...services] = catalogue.services;
    const others = await Promise.all([
      hashOf(description),
      hashOf({ ...description, catalogue: { ...catalogue, services } }),
      hashOf({
        ...description,
        catalogue: { ...catalogue, services: [...services, ...(first ? [first] : [])] },
      }),
      hashOf({ ...description, settings: { ...settings, mainBranch: "trunk" } }),
      hashOf({ ...description, settings: { ...settings, aws: { ...settings.aws, region: "eu-west-3" } } }),
      declarationHash(description, "another"),
    ]);
    expect(new Set(others).size).toBe(others.length);
  });
});

test("the engine's text and the file's value are the same, in whatever order and with whatever left out", () => {
  expect(canonical({ b: [1, true], a: undefined, c: "x" })).toBe(canonical({ c: "x", b: ["1", "true"] }));
  expect(canonical({ a: "1,2" })).not.toBe(canonical({ a: [1, 2] }));
  expect(canonical({ a: { b: 1 } })).not.toBe(canonical({ a: 1, b: 1 }));
});
