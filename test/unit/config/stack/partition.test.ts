import { describe, expect, test } from "vitest";
import { parseSettings } from "../../../../config/description/settings.ts";
import { registryHost } from "../../../../config/names.ts";
import type { Settings } from "../../../../config/settings.ts";
import { partitionOf, regionOfRegistry } from "../../../../config/stack/partition.ts";
import { accountLike } from "../../../../infra/account.ts";

/** Regions of each partition, from botocore 1.44.8, `data/partitions.json`; the last line is not there yet. */
const regions: Record<string, { suffix: string; regions: string[] }> = {
  aws: {
    suffix: "amazonaws.com",
    regions: [
      "af-south-1 ap-east-1 ap-northeast-3 ap-southeast-7 ca-west-1 eu-central-2 eu-north-1 eu-west-3",
      "il-central-1 me-central-1 mx-central-1 sa-east-1 us-east-1 us-west-2",
    ],
  },
  "aws-cn": { suffix: "amazonaws.com.cn", regions: ["cn-north-1 cn-northwest-1"] },
  "aws-eusc": { suffix: "amazonaws.eu", regions: ["eusc-de-east-1"] },
  "aws-us-gov": { suffix: "amazonaws.com", regions: ["us-gov-east-1 us-gov-west-1"] },
  "aws-iso": { suffix: "c2s.ic.gov", regions: ["us-iso-east-1 us-iso-west-1"] },
  "aws-iso-b": { suffix: "sc2s.sgov.gov", regions: ["us-isob-east-1 us-isob-west-1"] },
  "aws-iso-e": { suffix: "cloud.adc-e.uk", regions: ["eu-isoe-west-1"] },
  "aws-iso-f": { suffix: "csp.hci.ic.gov", regions: ["us-isof-east-1 us-isof-south-1"] },
};
const table = Object.entries(regions).flatMap(([partition, { suffix, regions: lines }]) =>
  lines.flatMap((line) => line.split(" ").map((region) => ({ region, partition, suffix }))),
);

const settingsIn = (region: string) => parseSettings({ "aws:region": region }, "dev", "Pulumi.dev.yaml");

describe.each(table)("$region", ({ region, partition, suffix }) => {
  test(`is a region of ${partition}, whose registry ends with ${suffix}`, () => {
    const settings = settingsIn(region);
    if (!("value" in settings)) throw new Error(JSON.stringify(settings.problems));
    expect(partitionOf(region)).toEqual({ id: partition, dnsSuffix: suffix });
    expect(accountLike(region).partition).toBe(partition);
    const host = registryHost(settings.value as Settings, "111122223333");
    expect(host).toBe(`111122223333.dkr.ecr.${region}.${suffix}`);
    expect(regionOfRegistry(host)).toBe(region);
  });
});

test.each([
  ["111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
  ["111122223333.dkr-ecr.eu-west-1.on.aws", "eu-west-1"],
  ["111122223333.dkr-ecr-fips.us-east-1.on.aws", "us-east-1"],
  ["localhost:5000", undefined],
  ["public.ecr.aws", undefined],
])("the region of %s is %s", (host, region) => {
  expect(regionOfRegistry(host)).toBe(region);
});

test.each(["nowhere", "eu-central", "EU-CENTRAL-1", "eu-central-1a", ""])("%s is not a region", (region) => {
  expect(settingsIn(region)).toMatchObject({ problems: [{ key: "aws:region" }] });
});

test("a replication to something that is not a region is refused", () => {
  const checked = parseSettings(
    { "aws:region": "eu-west-1", "slipway:repositories": { replication: [{ region: "Frankfurt" }] } },
    "dev",
    "Pulumi.dev.yaml",
  );
  expect(checked).toMatchObject({ problems: [{ key: "slipway:repositories.replication[0].region" }] });
});
