/**
 * The parts of ECR's lifecycle policy format that Slipway uses.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
 */
export interface LifecyclePolicy {
  readonly rules: readonly LifecycleRule[];
}

export interface LifecycleRule {
  readonly rulePriority: number;
  readonly description: string;
  readonly selection: LifecycleSelection;
  readonly action: LifecycleAction;
}

export type LifecycleSelection = TagSelection & Count;

type TagSelection =
  | { readonly tagStatus: "untagged" | "any" }
  | { readonly tagStatus: "tagged"; readonly tagPrefixList: readonly [string] }
  | { readonly tagStatus: "tagged"; readonly tagPatternList: readonly [string] };

type Count =
  | { readonly countType: "imageCountMoreThan"; readonly countNumber: number }
  | {
      readonly countType: "sinceImagePushed" | "sinceImagePulled";
      readonly countUnit: "days";
      readonly countNumber: number;
    }
  | {
      readonly countType: "sinceImageTransitioned";
      readonly storageClass: "archive";
      readonly countUnit: "days";
      readonly countNumber: number;
    };

export type LifecycleAction =
  | { readonly type: "expire" }
  | { readonly type: "transition"; readonly targetStorageClass: "archive" };
