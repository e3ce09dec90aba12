/** An advisory about one package: what the sandbox's scanner knows. */
export interface Advisory {
  readonly id: string;
  /** The same vulnerability in other lists. */
  readonly aliases: readonly string[];
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly cvss: { readonly version: "3.1"; readonly vector: string };
  readonly description: string;
  readonly url: string;
  /** Day. */
  readonly published: string;
  /**
   * Which package: of an ecosystem, by the names that Grype has for both, or a program that is recognised in the
   * image, by the vendor and product of its CPE.
   */
  readonly affects:
    | { readonly ecosystem: string; readonly name: string }
    | { readonly vendor: string; readonly product: string };
  /** Affected versions, and the first without the vulnerability. */
  readonly range: { readonly type: "semver"; readonly constraint: string; readonly fixed?: string };
}

/**
 * Real advisories about what the examples contain, or are made to contain to show a gate: the whole public list is
 * on no package registry. A scan of anything else finds nothing, so no result of the sandbox says that an image is
 * safe.
 */
export const advisories: readonly Advisory[] = [
  {
    id: "GHSA-xvch-5gv4-984h",
    aliases: ["CVE-2021-44906"],
    severity: "critical",
    cvss: { version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" },
    description: "Prototype Pollution in minimist",
    url: "https://github.com/advisories/GHSA-xvch-5gv4-984h",
    published: "2022-03-18",
    affects: { ecosystem: "npm", name: "minimist" },
    range: { type: "semver", constraint: ">=1.0.0,<1.2.6", fixed: "1.2.6" },
  },
  {
    id: "GHSA-35jh-r3h4-6jhm",
    aliases: ["CVE-2021-23337"],
    severity: "high",
    cvss: { version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H" },
    description: "Command Injection in lodash",
    url: "https://github.com/advisories/GHSA-35jh-r3h4-6jhm",
    published: "2021-05-06",
    affects: { ecosystem: "npm", name: "lodash" },
    range: { type: "semver", constraint: "<4.17.21", fixed: "4.17.21" },
  },
  {
    id: "GHSA-29mw-wpgm-hmr9",
    aliases: ["CVE-2020-28500"],
    severity: "medium",
    cvss: { version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L" },
    description: "Regular Expression Denial of Service (ReDoS) in lodash",
    url: "https://github.com/advisories/GHSA-29mw-wpgm-hmr9",
    published: "2022-01-06",
    affects: { ecosystem: "npm", name: "lodash" },
    range: { type: "semver", constraint: "<4.17.21", fixed: "4.17.21" },
  },
  {
    id: "CVE-2022-28391",
    aliases: [],
    severity: "high",
    cvss: { version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H" },
    description:
      "BusyBox through 1.35.0 allows remote attackers to execute arbitrary code if netstat is used to print a DNS PTR record's value to a VT compatible terminal.",
    url: "https://nvd.nist.gov/vuln/detail/CVE-2022-28391",
    published: "2022-04-03",
    affects: { vendor: "busybox", product: "busybox" },
    range: { type: "semver", constraint: "<=1.35.0" },
  },
  {
    id: "CVE-2022-48174",
    aliases: [],
    severity: "critical",
    cvss: { version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" },
    description: "There is a stack overflow vulnerability in ash.c:6030 in busybox before 1.35.",
    url: "https://nvd.nist.gov/vuln/detail/CVE-2022-48174",
    published: "2023-08-22",
    affects: { vendor: "busybox", product: "busybox" },
    range: { type: "semver", constraint: "<1.35.0", fixed: "1.35.0" },
  },
];
