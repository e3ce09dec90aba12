import { Policy } from "@pulumi/aws/iam/policy.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import * as pulumi from "@pulumi/pulumi";

import { type GithubRole, githubRoleName } from "../../config/stack/github.ts";
import { type Account, accountLike } from "../account.ts";

import { type RolePolicies, rolePolicies } from "./role-policy.ts";
import { roleScope, type StackOfRoles } from "./role-scope.ts";
import { trustPolicy } from "./trust.ts";

export interface GithubRolesArgs extends StackOfRoles {
  readonly account: pulumi.Output<Account>;
  readonly tags: Readonly<Record<string, string>>;
}

/** A role: who may assume it, and what it may do. Free of charge. */
export class CiRole extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(
    role: GithubRole,
    args: GithubRolesArgs & { readonly provider: pulumi.Output<string> },
    options: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:index:CiRole", role, {}, options);
    const { github, settings, tags } = args;
    const own = { parent: this };
    const name = githubRoleName(args.name, role);
    const declared = new Role(
      role,
      {
        name,
        description: `${purposes[role]} (${github.repository}, stack ${settings.stack})`,
        assumeRolePolicy: args.provider.apply((arn) => trustPolicy(github, role, arn)),
        maxSessionDuration: 3600,
        ...(github.permissionsBoundary !== undefined && { permissionsBoundary: github.permissionsBoundary }),
        tags,
      },
      own,
    );

    const policiesIn = (account: Account) => rolePolicies(role, roleScope(role, args, account));
    // How many there are must be known before the account is; only lengths matter for that.
    const shape = policiesIn(accountLike(settings.aws.region));
    if (shape.kind === "inline") {
      const policy = args.account.apply((account) => textsOf(policiesIn(account))[0] ?? "");
      new RolePolicy(role, { name: "slipway", role: declared.name, policy }, own);
    } else {
      for (const index of shape.policies.keys()) {
        const policy = args.account.apply((account) => textsOf(policiesIn(account))[index] ?? "");
        const part = new Policy(`${role}-${index + 1}`, { name: `${name}-${index + 1}`, policy, tags }, own);
        new RolePolicyAttachment(`${role}-${index + 1}`, { role: declared.name, policyArn: part.arn }, own);
      }
    }
    this.arn = declared.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

function textsOf(policies: RolePolicies): readonly string[] {
  return policies.kind === "inline" ? [policies.policy] : policies.policies;
}

const purposes: Readonly<Record<GithubRole, string>> = {
  pullRequest: "Reads and builds for pull requests",
  push: "Builds and pushes images",
  deploy: "Builds, pushes and deploys",
  inspect: "Reads images and what runs them",
};
