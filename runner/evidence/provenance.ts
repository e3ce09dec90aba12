import type { Service } from "../../config/catalogue/catalogue.ts";
import { digestSet } from "./statement.ts";

/** How an image of Slipway is built: what `externalParameters` mean is documented there. */
export const buildType = "https://github.com/slipway/slipway/blob/main/docs/reference/evidence.md#provenance";

/** What a run knows of the build of an image. */
export interface BuildFacts {
  readonly service: Pick<Service, "name" | "platforms" | "stage"> & {
    readonly arguments: Readonly<Record<string, string>>;
  };
  readonly sourceHash: string;
  /** The repository that services.yaml names, if it names one. */
  readonly repository: string | undefined;
  /** Undefined without git. */
  readonly commit: string | undefined;
  /** Whether what was built differs from the commit. */
  readonly isDirty: boolean;
  /** Base image → its digest, if known. */
  readonly bases: Readonly<Record<string, string>>;
  /** Who built: the workflow's run in CI, else the AWS identity. */
  readonly builder: string;
  readonly version: string;
  readonly startedOn: Date;
  readonly finishedOn: Date;
}

/**
 * SLSA's provenance of a build, from what Slipway knows. Values of build arguments are part of the source hash,
 * and are left out: they may be meant for nobody.
 *
 * https://slsa.dev/spec/v1.0/provenance#schema
 */
export function provenanceOf(facts: BuildFacts): object {
  const { service, sourceHash, repository, commit, isDirty, bases } = facts;
  return {
    buildDefinition: {
      buildType,
      externalParameters: {
        service: service.name,
        platforms: service.platforms,
        ...(service.stage === undefined ? {} : { stage: service.stage }),
        arguments: Object.keys(service.arguments).toSorted(),
        ...(repository === undefined ? {} : { repository }),
      },
      internalParameters: { sourceHash, uncommittedChanges: isDirty },
      resolvedDependencies: [
        ...(commit === undefined
          ? []
          : [
              {
                uri: repository === undefined ? "git" : `git+${repository}`,
                digest: { gitCommit: commit },
              },
            ]),
        ...Object.entries(bases)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([reference, digest]) => ({ uri: `docker://${reference}`, digest: digestSet(digest) })),
      ],
    },
    runDetails: {
      builder: { id: facts.builder, version: { slipway: facts.version } },
      metadata: {
        startedOn: facts.startedOn.toISOString(),
        finishedOn: facts.finishedOn.toISOString(),
      },
    },
  };
}
