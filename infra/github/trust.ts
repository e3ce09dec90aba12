import {
  type GithubRole,
  type GithubSettings,
  githubAudience,
  githubIssuer,
  trustedSubjects,
} from "../../config/stack/github.ts";
import { policyDocument, type Statement } from "../policy-document.ts";

/**
 * The trust policy: workflows whose token is for AWS and has one of the exact subjects may assume the role.
 * Tag patterns have a statement of their own, because two conditions on one key must both hold.
 *
 * @param provider ARN of the account's OIDC provider for GitHub
 */
export function trustPolicy(github: GithubSettings, role: GithubRole, provider: string): string {
  const { exact, patterns } = trustedSubjects(github, role);
  const audience = { [`${githubIssuer}:aud`]: [githubAudience] };
  const statement = (sid: string, conditions: NonNullable<Statement["conditions"]>): Statement => ({
    sid,
    principals: { federated: provider },
    actions: ["sts:AssumeRoleWithWebIdentity"],
    conditions,
  });
  return policyDocument([
    ...(exact.length === 0
      ? []
      : [statement("Exact", { StringEquals: { ...audience, [`${githubIssuer}:sub`]: exact } })]),
    ...(patterns.length === 0
      ? []
      : [
          statement("TagPatterns", {
            StringEquals: audience,
            StringLike: { [`${githubIssuer}:sub`]: patterns },
          }),
        ]),
  ]);
}
