/** A part of AWS that stands apart from the others: its own accounts, its own ARNs, its own host names. */
export interface Partition {
  /** The second part of every ARN: `aws`, `aws-cn`, … */
  readonly id: string;
  /** What the names of its services' hosts end with. */
  readonly dnsSuffix: string;
}

/**
 * AWS's partitions and the regions in each, as the SDKs have them.
 * https://github.com/boto/botocore/blob/1.44.8/botocore/data/partitions.json
 */
const partitions: readonly (Partition & { readonly regions: RegExp })[] = [
  { id: "aws-cn", regions: /^cn-/, dnsSuffix: "amazonaws.com.cn" },
  { id: "aws-eusc", regions: /^eusc-/, dnsSuffix: "amazonaws.eu" },
  { id: "aws-us-gov", regions: /^us-gov-/, dnsSuffix: "amazonaws.com" },
  { id: "aws-iso", regions: /^us-iso-/, dnsSuffix: "c2s.ic.gov" },
  { id: "aws-iso-b", regions: /^us-isob-/, dnsSuffix: "sc2s.sgov.gov" },
  { id: "aws-iso-e", regions: /^eu-isoe-/, dnsSuffix: "cloud.adc-e.uk" },
  { id: "aws-iso-f", regions: /^us-isof-/, dnsSuffix: "csp.hci.ic.gov" },
];

/** The shape of a region's name in every partition: `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`. */
export const regionPattern = /^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/;

/** The partition of a region. A region that no other partition has belongs to `aws`, as the SDKs take it. */
export function partitionOf(region: string): Partition {
  const found = partitions.find(({ regions }) => regions.test(region));
  return found === undefined
    ? { id: "aws", dnsSuffix: "amazonaws.com" }
    : { id: found.id, dnsSuffix: found.dnsSuffix };
}

/**
 * The region of an ECR registry's host, in any partition and in each of its forms: with FIPS, and with the
 * names that also have IPv6 addresses. Undefined for any other registry.
 * https://docs.aws.amazon.com/general/latest/gr/ecr.html
 */
export function regionOfRegistry(host: string): string | undefined {
  return /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(host)?.[1];
}
