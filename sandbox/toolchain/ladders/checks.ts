import type { Rung } from "../rung.ts";
import { type ToolName, tools } from "../tools.ts";

const version = (name: ToolName) => tools[name].version;

/** What looks at images, workflows and answers, for those who ask for it. */
export const checks = {
  actionlint: [
    {
      kind: "installed",
      command: "actionlint",
      range: { atLeast: "1.7.0" },
      why: "your own",
    },
    {
      kind: "github-release",
      repository: "rhysd/actionlint",
      tag: `v${version("actionlint")}`,
      asset: {
        amd64: `actionlint_${version("actionlint")}_linux_amd64.tar.gz`,
        arm64: `actionlint_${version("actionlint")}_linux_arm64.tar.gz`,
      },
      member: "actionlint",
      why: "the official build",
    },
    {
      kind: "go-module",
      module: "actionlint",
      package: "github.com/rhysd/actionlint/cmd/actionlint",
      versionVariable: "github.com/rhysd/actionlint.version",
      why: "the same source as the official build, where only package registries are reachable",
    },
  ],
  "aws-models": [
    {
      kind: "python-data",
      requirements: "aws-models.txt",
      keep: "botocore/data",
      why: "the SDK for Python carries the models with values of enums, required members and limits; the SDK's own schemas have none of them",
    },
  ],
  grype: [
    {
      kind: "installed",
      command: "grype",
      // Since 0.88 it reads databases of schema 6, which the sandbox's is.
      range: { atLeast: "0.88.0", below: "1.0.0" },
      why: "your own, with the sandbox's database",
    },
    ...anchore("grype", "the same source as the official build, where only package registries are reachable"),
  ],
  syft: [
    {
      kind: "installed",
      command: "syft",
      range: { atLeast: "1.0.0", below: "2.0.0" },
      why: "your own",
    },
    ...anchore("syft", "the version that Grype is built with, so that both come out of one build"),
  ],
} satisfies Partial<Readonly<Record<ToolName, readonly Rung[]>>>;

/** Programs of one maker, which publishes and builds them alike. */
function anchore(name: "grype" | "syft", why: string): readonly Rung[] {
  return [
    {
      kind: "github-release",
      repository: `anchore/${name}`,
      tag: `v${tools[name].version}`,
      asset: {
        amd64: `${name}_${tools[name].version}_linux_amd64.tar.gz`,
        arm64: `${name}_${tools[name].version}_linux_arm64.tar.gz`,
      },
      member: name,
      why: "the official build",
    },
    {
      kind: "go-module",
      module: "scanner",
      package: `github.com/anchore/${name}/cmd/${name}`,
      versionVariable: "main.version",
      why,
    },
  ];
}
