/**
 * What `--output json` prints. These shapes are a promise (docs/commands.md): fields are added, never
 * renamed or removed, without `version` going up.
 */
import type { Target } from "../../config/catalogue.ts";
import type { Problem } from "../../config/errors.ts";
import type { LeftOutFormat, PlannedTag } from "../image/tags.ts";
import type { FieldChange, TargetCheck, TargetOutcome, TargetPlan, TargetStatus } from "../targets/target.ts";
import type { RecordedRelease } from "./record.ts";
import type { Phase } from "./timeline.ts";

interface Where {
  readonly stack: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
}

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

/** `slipway deploy`. */
export interface DeployDocument extends Where {
  readonly version: 1;
  readonly kind: "deploy";
  /** `nothing`: there was nothing to do. `superseded`: a newer commit came to run meanwhile. */
  readonly outcome: "done" | "nothing" | "failed" | "interrupted" | "superseded";
  /** Services whose image is in the registry. */
  readonly services: readonly DeployedService[];
  /** Services whose image is not there, since the run was interrupted. */
  readonly notBuilt: readonly string[];
  readonly targets: readonly TargetOutcome[];
  /** The records that were written of it, one for each service of which a target was tried. */
  readonly releases: readonly RecordedRelease[];
  /** Where the time went. */
  readonly timeline: readonly Phase[];
  readonly milliseconds: number;
}

export interface DeployedService {
  readonly service: string;
  readonly built: boolean;
  readonly sourceHash: string;
  readonly digest: string;
  /** `<registry>/<repository>@<digest>` */
  readonly reference: string;
  /** Platform → digest. */
  readonly manifests: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

/** `slipway status`. */
export interface StatusDocument extends Where {
  readonly version: 1;
  readonly kind: "status";
  readonly targets: readonly (TargetStatus & {
    /**
     * Whether what runs was built from the source as it is here. `not built`: the registry has no
     * image of it.
     */
    readonly source: "current" | "behind" | "not built";
    /** Containers that run it, of a target whose own service is another one. */
    readonly sidecar?: string;
    /** Digest of what runs, as far as it is known. */
    readonly digest?: string;
    /** The release that put it there, when it was one of this stack's. */
    readonly release?: string;
    /** The commit it was built from: the release's, else one that a tag of the image names. */
    readonly commit?: string;
    /** Tags that people gave the image. */
    readonly tags?: readonly string[];
  })[];
  /** Services that nothing runs. */
  readonly withoutTargets: readonly string[];
}

/** `slipway verify`. */
export interface VerifyDocument extends Where {
  readonly version: 1;
  readonly kind: "verify";
  /** `failed`: a deployment would be refused. */
  readonly outcome: "ok" | "failed";
  readonly targets: readonly {
    readonly service: string;
    readonly title: string;
    readonly kind: Target["kind"];
    readonly checks: readonly TargetCheck[];
  }[];
  /** Services that nothing runs. */
  readonly withoutTargets: readonly string[];
}

/** `slipway wait`. */
export interface WaitDocument extends Where {
  readonly version: 1;
  readonly kind: "wait";
  /** `nothing`: nothing was under way. */
  readonly outcome: DeployDocument["outcome"];
  /** `unchanged`: nothing was under way there; the message says what runs. */
  readonly targets: readonly TargetOutcome[];
  readonly milliseconds: number;
}

/** `slipway doctor`. */
export interface DoctorDocument {
  readonly version: 1;
  readonly kind: "doctor";
  readonly stack: string | undefined;
  readonly checks: readonly Check[];
}

export interface Check {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  /** What was found, one line. */
  readonly message: string;
  readonly fix?: string;
}
