import * as pulumi from "@pulumi/pulumi";

/** An architecture in the words of Docker, ECS and Lambda. */
const architectures = {
  x86_64: { platform: "linux/amd64", ecs: "X86_64", lambda: "x86_64" },
  arm64: { platform: "linux/arm64", ecs: "ARM64", lambda: "arm64" },
} as const;

type ArchitectureName = keyof typeof architectures;
export type Architecture = (typeof architectures)[ArchitectureName];

/** What Pulumi.<stack>.yaml says under `shop-app:`. */
export interface Settings {
  /** Name of the platform's stack, whose outputs say what to run. */
  readonly platform: string;
  /** The architecture of new tasks and the function; images exist for both. */
  readonly architecture: Architecture;
  /** Number of tasks of each new service. */
  readonly desiredCount: number;
  readonly logRetentionDays: number;
}

/**
 * Reads the stack's settings.
 *
 * @throws pulumi.RunError for a missing or unknown value
 */
export function readSettings(): Settings {
  const config = new pulumi.Config("shop-app");
  const architecture = config.get<ArchitectureName>("architecture", {
    allowedValues: Object.keys(architectures) as ArchitectureName[],
  });
  return {
    platform: config.require("platform"),
    architecture: architectures[architecture ?? "x86_64"],
    desiredCount: config.getNumber("desiredCount", { min: 0 }) ?? 1,
    logRetentionDays: config.getNumber("logRetentionDays", { min: 1 }) ?? 30,
  };
}
