import type { Target } from "../../../config/targets/target.ts";
import type { EvidencePiece } from "../../evidence/check.ts";
import type { ManagedSignature } from "../../evidence/managed-signing.ts";
import type { Where } from "../../session/where.ts";
import type { TargetCheck } from "../../targets/target.ts";

/** What is attached to an image, and whether it is what the stack asks for. */
export interface ServiceEvidence {
  readonly service: string;
  /** Reference by digest; undefined when the stack has no release of the service. */
  readonly reference?: string;
  readonly pieces: readonly EvidencePiece[];
  /** What `slipway:evidence` asks for and the image lacks: `signature linux/arm64`. */
  readonly missing: readonly string[];
  /** What ECR says of its own signatures; absent where the registry does not sign images of the repository. */
  readonly managedSigning?: readonly ManagedSignature[];
}

/** What `--evidence` found. */
export interface EvidenceFound {
  readonly evidence: readonly ServiceEvidence[];
  /** Set where it is not known whether the registry signs images itself. */
  readonly managedSigning?: { readonly state: "not seen"; readonly message: string };
}

/** How an image ran that `--run` started. */
export interface ServiceRun {
  readonly service: string;
  readonly platform: string;
  /** Reference by digest: of the platform's manifest. */
  readonly reference: string;
  readonly state: "ok" | "fail";
  readonly message: string;
  readonly milliseconds: number;
  /** The last lines of its log, when it failed. */
  readonly log?: readonly string[];
}

/** `slipway verify`. */
export interface VerifyDocument extends Where {
  readonly version: 1;
  readonly kind: "verify";
  /** `failed`: a deployment would be refused, or evidence is missing or does not hold. */
  readonly outcome: "ok" | "failed";
  readonly targets: readonly {
    readonly service: string;
    readonly title: string;
    readonly kind: Target["kind"];
    readonly checks: readonly TargetCheck[];
  }[];
  /** With `--evidence`: what is attached to the image of each service's newest release. */
  readonly evidence?: readonly ServiceEvidence[];
  /** With `--evidence`, where it is not known whether the registry signs images itself (ECR's managed signing). */
  readonly managedSigning?: EvidenceFound["managedSigning"];
  /** With `--run`: how the images ran. */
  readonly runs?: readonly ServiceRun[];
  /** Services without targets. */
  readonly withoutTargets: readonly string[];
}
