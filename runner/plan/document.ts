/**
 * What `slipway plan --output json` prints. The shape is a promise (docs/reference/commands.md): fields are added, never
 * renamed or removed, unless `version` goes up.
 */

import { servicesIn } from "../../config/description/sidecars.ts";
import { sourceTag } from "../../config/names.ts";
import type { Problem } from "../../config/problems/errors.ts";
import type { Target } from "../../config/targets/target.ts";
import type { Foretold } from "../gates/foretell.ts";
import { imageReference } from "../registry/image.ts";
import type { Where } from "../session/where.ts";
import type { LeftOutFormat, PlannedTag } from "../tags/tags.ts";
import type { Gate } from "../targets/gate.ts";
import { type FieldChange, isMove, type TargetPlan } from "../targets/target.ts";
import { reasonToBuild } from "./compare.ts";
import type { PlannedService } from "./plan.ts";

/** `slipway plan`, `slipway deploy --dry-run`. */
export interface DeployPlan extends Where {
  readonly version: 1;
  readonly kind: "plan";
  readonly services: readonly ServicePlan[];
}

export interface ServicePlan {
  readonly service: string;
  readonly repository: string;
  readonly registry: string;
  /** The source: its hash, files and bytes. */
  readonly source: { readonly hash: string; readonly files: number; readonly bytes: number };
  readonly image:
    | {
        readonly action: "build";
        readonly reason: string;
        readonly platforms: readonly string[];
        /** Tags that the build itself pushes. */
        readonly push: readonly string[];
      }
    | { readonly action: "none"; readonly digest: string; readonly reference: string };
  readonly tags: {
    readonly put: readonly string[];
    readonly present: readonly string[];
    /** Every tag, with its format and the reason for it. */
    readonly planned: readonly PlannedTag[];
    /** Formats that make no tag in this run, and why. */
    readonly leftOut: readonly LeftOutFormat[];
  };
  readonly targets: readonly {
    readonly title: string;
    readonly kind: Target["kind"];
    readonly action: TargetPlan["action"];
    /** Targets of a lower order are moved first. */
    readonly order: number;
    /** `(after build)` stands for a digest that is not known yet. */
    readonly changes: readonly FieldChange[];
    readonly problems: readonly Problem[];
    readonly notes: readonly string[];
  }[];
  /** Titles of other services' targets that run this image beside their own. */
  readonly sidecarIn: readonly string[];
  /** Problems of the image, such as a tag on another image. */
  readonly problems: readonly Problem[];
  /** What the gates of `slipway:gates` say of the image, as far as it is known; absent without gates. */
  readonly gates?: readonly Gate[];
}

/** The plan of a deployment as its document. */
export function planDocument(
  where: Where,
  services: readonly PlannedService[],
  foretold: readonly Foretold[] = [],
): DeployPlan {
  const sidecars = sidecarPlaces(services);
  const gates = new Map(foretold.map((one) => [one.service, one]));
  return {
    version: 1,
    kind: "plan",
    ...where,
    services: services.map((one) => {
      const { name } = one.service;
      return withGates(servicePlan(one, sidecars.get(name) ?? []), gates.get(name));
    }),
  };
}

function servicePlan(planned: PlannedService, sidecarIn: readonly string[]): ServicePlan {
  const { service, repository, registry, source, image, tagPlan, tagCheck, targets, problems } = planned;
  return {
    service: service.name,
    repository,
    registry,
    source,
    image:
      image === undefined
        ? {
            action: "build",
            reason: reasonToBuild(planned),
            platforms: service.platforms,
            push: [sourceTag(source.hash)],
          }
        : { action: "none", digest: image.digest, reference: imageReference(image) },
    tags: {
      put: tagCheck.toPut,
      present: tagCheck.present,
      planned: tagPlan.planned,
      leftOut: tagPlan.leftOut,
    },
    targets: targets.map(({ title, target, action, changes, problems, notes }) => ({
      title,
      kind: target.kind,
      order: target.order,
      action,
      changes,
      problems,
      notes,
    })),
    sidecarIn,
    problems,
  };
}

function withGates(plan: ServicePlan, foretold: Foretold | undefined): ServicePlan {
  if (foretold === undefined) return plan;
  return { ...plan, gates: foretold.gates, problems: [...plan.problems, ...foretold.problems] };
}

/** Titles of other services' targets that run a service's image beside their own, by service. */
function sidecarPlaces(all: readonly PlannedService[]): ReadonlyMap<string, readonly string[]> {
  const places = all.flatMap(({ service, targets }) =>
    targets.flatMap(({ target, title }) =>
      servicesIn(target)
        .filter((name) => name !== service.name)
        .map((name) => ({ name, title })),
    ),
  );
  const byService = [...Map.groupBy(places, ({ name }) => name)];
  return new Map(byService.map(([name, some]) => [name, some.map(({ title }) => title)]));
}

/** Whether a plan, as its document, would change nothing; targets may be left to prove. */
export function isNothingToDo({ services }: DeployPlan): boolean {
  return services.every(
    ({ image, tags, targets }) => image.action === "none" && tags.put.length === 0 && !targets.some(isMove),
  );
}
