import { z } from "zod";

/**
 * A platform as BuildKit and OCI write it: `os/architecture[/variant]`.
 * https://github.com/opencontainers/image-spec/blob/main/image-index.md
 */
export const platformSchema = z
  .enum(
    [
      "linux/amd64",
      "linux/arm64",
      "linux/arm64/v8",
      "linux/arm/v7",
      "linux/arm/v6",
      "linux/arm/v5",
      "linux/386",
      "linux/ppc64le",
      "linux/riscv64",
      "linux/s390x",
    ],
    { error: "is not a Linux platform that BuildKit supports" },
  )
  .meta({ description: "os/architecture[/variant], for example linux/arm64" });
