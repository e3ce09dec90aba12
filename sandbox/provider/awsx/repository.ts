// By their files: the packages' index files load every service there is, which takes most of a second.
import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import { type RepositoryArgs as AwsRepositoryArgs, Repository } from "@pulumi/aws/ecr/repository.js";
import type { ecr } from "@pulumi/awsx";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  InputPropertiesError,
  type Inputs,
  output,
  type Unwrap,
} from "@pulumi/pulumi";
import type { ConstructResult } from "@pulumi/pulumi/provider/index.js";

type AwsxArguments = ecr.RepositoryArgs;
type LifecycleRule = NonNullable<Unwrap<NonNullable<AwsxArguments["lifecyclePolicy"]>>["rules"]>[number];

/** Every argument of `awsx.ecr.Repository`; those of the repository itself are handed on as they are. */
const argumentNames: Readonly<Record<keyof Required<AwsxArguments>, "own" | "repository">> = {
  encryptionConfigurations: "repository",
  forceDelete: "repository",
  imageScanningConfiguration: "repository",
  imageTagMutability: "repository",
  imageTagMutabilityExclusionFilters: "repository",
  lifecyclePolicy: "own",
  name: "repository",
  region: "repository",
  tags: "repository",
};

/** The component as the real awsx 3 makes it: a repository and, unless skipped, a lifecycle policy. */
class RepositoryComponent extends ComponentResource {
  constructor(name: string, options: ComponentResourceOptions) {
    super("awsx:ecr:Repository", name, {}, options);
  }
}

/** Constructs `awsx:ecr:Repository`: its children carry the component's name in lower case. */
export async function constructRepository(
  name: string,
  _type: string,
  inputs: Inputs,
  options: ComponentResourceOptions,
): Promise<ConstructResult> {
  const unknown = Object.keys(inputs).filter((key) => !Object.hasOwn(argumentNames, key));
  if (unknown.length > 0) {
    throw new InputPropertiesError({
      message: "awsx:ecr:Repository",
      errors: unknown.map((propertyPath) => ({
        propertyPath,
        reason: "awsx:ecr:Repository has no such property",
      })),
    });
  }
  const { lifecyclePolicy, ...repositoryArguments } = inputs as AwsxArguments;
  const component = new RepositoryComponent(name, options);
  const childName = name.toLowerCase();
  const repository = new Repository(childName, repositoryArguments as AwsRepositoryArgs, {
    parent: component,
  });
  const { skip, rules } = await settled(lifecyclePolicy);
  const policy = skip
    ? undefined
    : // Not the component's child, in the real awsx neither.
      new LifecyclePolicy(childName, {
        repository: repository.name,
        policy: lifecycleDocument(rules) as NonNullable<
          ConstructorParameters<typeof LifecyclePolicy>[1]
        >["policy"],
      });
  return {
    urn: component.urn,
    state: {
      repository,
      url: repository.repositoryUrl,
      ...(policy === undefined ? {} : { lifecyclePolicy: policy }),
    },
  };
}

async function settled(
  argument: Input<AwsxArguments["lifecyclePolicy"]>,
): Promise<{ skip: boolean; rules: readonly LifecycleRule[] | undefined }> {
  const value = await new Promise<Unwrap<AwsxArguments["lifecyclePolicy"]>>((resolve) => {
    output(argument).apply((known) => resolve(known as Unwrap<AwsxArguments["lifecyclePolicy"]>));
  });
  return { skip: value?.skip ?? false, rules: value?.rules };
}

/** ECR's lifecycle document for the component's rules; `any` last, as ECR demands. */
export function lifecycleDocument(rules: readonly LifecycleRule[] | undefined): { rules: unknown[] } {
  const given: readonly LifecycleRule[] = rules ?? [
    { description: "remove untagged images", tagStatus: "untagged", maximumNumberOfImages: 1 },
  ];
  const ordered = [
    ...given.filter(({ tagStatus }) => tagStatus !== "any"),
    ...given.filter(({ tagStatus }) => tagStatus === "any"),
  ];
  if (ordered.at(-2)?.tagStatus === "any") throw new Error('At most one rule may have tagStatus "any".');
  return { rules: ordered.map((rule, index) => lifecycleRule(rule, index + 1)) };
}

function lifecycleRule(rule: LifecycleRule, rulePriority: number) {
  const { description, tagStatus, tagPrefixList, maximumNumberOfImages, maximumAgeLimit } = rule;
  if (tagStatus === "tagged" && (tagPrefixList ?? []).length === 0) {
    throw new Error("tagPrefixList must have at least one prefix when tagStatus is tagged.");
  }
  const count =
    maximumNumberOfImages !== undefined
      ? { countType: "imageCountMoreThan", countNumber: maximumNumberOfImages }
      : { countType: "sinceImagePushed", countNumber: maximumAgeLimit, countUnit: "days" };
  if (count.countNumber === undefined) {
    throw new Error("A lifecycle rule needs maximumNumberOfImages or maximumAgeLimit.");
  }
  return {
    rulePriority,
    ...(description === undefined ? {} : { description }),
    selection: { tagStatus, ...(tagStatus === "tagged" ? { tagPrefixList } : {}), ...count },
    action: { type: "expire" },
  };
}
