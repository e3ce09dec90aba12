import type { ExitCode } from "../../config/problems/errors.ts";
import type { JobReport } from "../github/job-report.ts";
import { textReport } from "../github/present.ts";
import type { DeployedService } from "./document.ts";

/** What later jobs are told of a service. */
type DeployedImage = Pick<DeployedService, "service" | "reference" | "digest">;

/**
 * Digests for later jobs, by service. The repository's name, not its address: that begins with the
 * account's id, which jobs are told to mask, and a masked output is dropped.
 */
export function digestsOf(
  services: readonly DeployedImage[],
): Readonly<Record<string, { readonly repository: string; readonly digest: string }>> {
  return Object.fromEntries(
    services.map(({ service, reference, digest }) => [
      service,
      { repository: repositoryOf(reference), digest },
    ]),
  );
}

/** `host/shop/ui@sha256:…` → `shop/ui` */
export function repositoryOf(reference: string): string {
  return reference.slice(reference.indexOf("/") + 1).replace(/@.*$/, "");
}

/** A job's outputs about the images that a command moved: `services` and `digests`, both JSON. */
export function imageOutputs(services: readonly DeployedImage[]): {
  readonly services: string;
  readonly digests: string;
} {
  const names = services.map(({ service }) => service);
  return { services: JSON.stringify(names), digests: JSON.stringify(digestsOf(services)) };
}

/** A rollback or a promotion as a job shows it: the text that people read, and its images as outputs. */
export function movedJob(
  command: string,
  result: {
    readonly exitCode: 0 | ExitCode;
    readonly document: { readonly services: readonly DeployedImage[] };
    readonly text: string;
  },
): JobReport {
  return textReport(command, result, imageOutputs(result.document.services));
}
