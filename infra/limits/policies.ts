import { type StackDescription, stackFile } from "../../config/description/description.ts";
import type { PromotionSource } from "../../config/description/promotion.ts";
import { repositoryName } from "../../config/names.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import type { GithubSettings } from "../../config/stack/github.ts";
import { accountLike } from "../account.ts";
import { rolePolicies } from "../github/role-policy.ts";
import { roleScope, type StackOfRoles } from "../github/role-scope.ts";
import { trustPolicy } from "../github/trust.ts";
import { policyDocument } from "../policy-document.ts";
import { pullStatements } from "../repository.ts";

/** The most characters in a repository policy, and in a role's trust policy (at the default quota). */
const limits = { repositoryPolicy: 10_240, trustPolicy: 2048 } as const;

/**
 * Policies that are longer than ECR or IAM takes, for the stack's services, principals, branches and tags.
 *
 * @param name what the names of the roles begin with: `slipway-dev`
 * @param promotesFrom the stacks that `slipway:github.promotesFrom` names
 */
export function policyProblems(
  { catalogue, settings }: StackDescription,
  name: string,
  promotesFrom: readonly PromotionSource[],
): Problem[] {
  const where = stackFile(settings.stack);
  const account = accountLike(settings.aws.region);
  const { pullPrincipals } = settings.repositories;
  return [
    ...catalogue.services.flatMap((service): Problem[] => {
      const statements = pullStatements(pullPrincipals, service).map((statement) => statement(account));
      const { length } = policyDocument(statements);
      if (length <= limits.repositoryPolicy) return [];
      return [
        {
          code: "policy-too-long",
          where,
          key: "slipway:repositories.pullPrincipals",
          message: `the policy of ${repositoryName(settings, service)} has ${length} characters; ECR takes ${limits.repositoryPolicy}`,
          fix: "name fewer principals, such as an account's root in place of its roles, or run fewer functions from one service",
        },
      ];
    }),
    ...(settings.github === undefined
      ? []
      : roleProblems(settings.github, { name, settings, services: catalogue.services, promotesFrom })),
  ];
}

function roleProblems(github: GithubSettings, stack: Omit<StackOfRoles, "github">): Problem[] {
  const where = stackFile(stack.settings.stack);
  const account = accountLike(stack.settings.aws.region);
  const provider = github.provider ?? `arn:aws-iso-b:iam::000000000000:oidc-provider/${"x".repeat(64)}`;
  return github.roles.flatMap((role): Problem[] => {
    const { length } = trustPolicy(github, role, provider);
    const permissions = problemsOf(() => rolePolicies(role, roleScope(role, { ...stack, github }, account)));
    if (length <= limits.trustPolicy) return [...permissions];
    return [
      ...permissions,
      {
        code: "policy-too-long",
        where,
        key: "slipway:github",
        message: `the trust policy of the ${role} role has ${length} characters; IAM takes ${limits.trustPolicy}`,
        fix: "name fewer branches and tags, or patterns of tags",
      },
    ];
  });
}

/** What a check throws for the user, as a list: nothing is thrown before all was checked. */
function problemsOf(check: () => unknown): readonly Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}
