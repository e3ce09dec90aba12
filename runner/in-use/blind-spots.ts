import type { Settings } from "../../config/settings.ts";

/** What the in-use set is made of, and what it can't tell of. */
export interface Coverage {
  readonly lookedAt: readonly string[];
  /** Where an image may be in use although nothing here says so. */
  readonly notLookedAt: readonly string[];
}

const notLookedAt = [
  "tasks that EventBridge rules, EventBridge Scheduler or Step Functions start, while none runs",
  "older task definition revisions that no service uses",
  "AWS Batch, App Runner, SageMaker and CodeBuild",
  "Kubernetes clusters",
  "other regions",
];

/**
 * What was looked at to find images in use, and where else they may be in use. Accounts that the stack lets pull
 * are named.
 *
 * @param account the stack's own account, twelve digits
 * @param isRefused whether the credentials did not allow the search of the account
 * @param unseen places of the project's own targets that could not be read
 */
export function coverageOf(
  { repositories }: Pick<Settings, "repositories">,
  account: string,
  isRefused: boolean,
  unseen: readonly string[] = [],
): Coverage {
  const ofAccount = [
    "ECS services and running tasks of the account",
    "Lambda functions, versions and aliases",
  ];
  const others = new Set(
    repositories.pullPrincipals.flatMap((arn) => /^arn:[^:]+:[^:]+::(\d{12}):/.exec(arn)?.[1] ?? []),
  );
  others.delete(account);
  return {
    lookedAt: [...(isRefused ? [] : ofAccount), "keep tags", "release records"],
    notLookedAt: [
      ...(isRefused ? ofAccount : []),
      ...[...new Set(unseen)].toSorted(),
      ...notLookedAt,
      ...[...others].toSorted().map((other) => `account ${other}, which may pull`),
    ],
  };
}
