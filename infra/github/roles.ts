import { OpenIdConnectProvider } from "@pulumi/aws/iam/openIdConnectProvider.js";
import * as pulumi from "@pulumi/pulumi";
import { type GithubRole, githubAudience, githubIssuer } from "../../config/stack/github.ts";
import { CiRole, type GithubRolesArgs } from "./role.ts";

/**
 * Roles that GitHub Actions assumes with its OIDC token, so that no key is stored: one reads and builds (pull
 * requests), one pushes, one deploys, and one that a stack can have as well only looks. The account's OIDC provider for GitHub is created unless the settings
 * name it; an account can have only one. Free of charge.
 */
export class GithubRoles extends pulumi.ComponentResource {
  readonly arns: Readonly<Partial<Record<GithubRole, pulumi.Output<string>>>>;

  constructor(args: GithubRolesArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:GithubRoles", "github", {}, options);
    const { github, tags } = args;
    const provider =
      github.provider === undefined
        ? new OpenIdConnectProvider(
            "github",
            // AWS trusts GitHub's certificates by itself, so there is no thumbprint to keep up.
            { url: `https://${githubIssuer}`, clientIdLists: [githubAudience], tags },
            { parent: this },
          ).arn
        : pulumi.output(github.provider);
    this.arns = Object.fromEntries(
      github.roles.map((role) => [role, new CiRole(role, { ...args, provider }, { parent: this }).arn]),
    );
    this.registerOutputs({ arns: this.arns });
  }
}
