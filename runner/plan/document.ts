/**
 * What `--output json` prints. These shapes are a promise (docs/commands.md): fields are added, never
 * renamed or removed, without `version` going up.
 */
import type { Target } from "../../config/catalogue/catalogue.ts";
import type { Problem } from "../../config/problems/errors.ts";
import type { Where } from "../session/where.ts";
import type { LeftOutFormat, PlannedTag } from "../tags/tags.ts";
import type { FieldChange, TargetPlan } from "../targets/target.ts";

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
  /** What the build would read: its source hash, files and bytes. */
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
    /** Every tag, with the format that it comes from and why it is there. */
    readonly planned: readonly PlannedTag[];
    /** Formats that make no tag this time, and why. */
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
  /** What stands in the way of the image: a tag that is taken. */
  readonly problems: readonly Problem[];
}
