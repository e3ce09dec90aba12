import { z } from "zod";

const ruleSchema = z.object({
  scanFrequency: z.enum(["SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"]),
  repositoryFilters: z.array(z.object({ filter: z.string(), filterType: z.literal("WILDCARD") })),
});

/** How the registry scans: all of it, for all repositories. A new registry scans in basic mode, and none on push. */
export const configurationSchema = z.object({
  scanType: z.enum(["BASIC", "ENHANCED"]).default("BASIC"),
  rules: z.array(ruleSchema).default([]),
});

export type RegistryScanning = z.output<typeof configurationSchema>;
export type ScanFrequency = RegistryScanning["rules"][number]["scanFrequency"];

/** A repository, as far as scans go. */
export interface RepositoryOfScan {
  readonly repositoryName: string;
  readonly repositoryArn: string;
  readonly registryId: string;
  /** The repository's own setting, which counts in basic mode where no rule of the registry does. */
  readonly scanOnPush: boolean;
}

/** The rules with a filter that takes the repository; `*` stands for any number of characters. */
export function appliedRules({ rules }: RegistryScanning, repositoryName: string): RegistryScanning["rules"] {
  return rules.flatMap(({ scanFrequency, repositoryFilters }) => {
    const taking = repositoryFilters.filter(({ filter }) => takes(filter, repositoryName));
    return taking.length === 0 ? [] : [{ scanFrequency, repositoryFilters: taking }];
  });
}

/** A filter without a wildcard takes all names that contain it. */
function takes(filter: string, name: string): boolean {
  if (!filter.includes("*")) return name.includes(filter);
  const escaped = filter.split("*").map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`).test(name);
}

const order: readonly ScanFrequency[] = ["CONTINUOUS_SCAN", "SCAN_ON_PUSH", "MANUAL"];

/**
 * When a repository's images are scanned: the most frequent of the rules that apply.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html
 */
export function frequencyOf(registry: RegistryScanning, repository: RepositoryOfScan): ScanFrequency {
  const applied = appliedRules(registry, repository.repositoryName).map(({ scanFrequency }) => scanFrequency);
  const own = registry.scanType === "BASIC" && repository.scanOnPush ? (["SCAN_ON_PUSH"] as const) : [];
  return order.find((one) => [...applied, ...own].includes(one)) ?? "MANUAL";
}
