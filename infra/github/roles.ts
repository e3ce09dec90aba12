import { OpenIdConnectProvider } from "@pulumi/aws/iam/openIdConnectProvider.js";
import * as pulumi from "@pulumi/pulumi";
import { type GithubRole, githubAudience, githubIssuer } from "../../config/stack/github.ts";
import { CiRole, type GithubRolesArgs } from "./role.ts";

/**
 * Roles that GitHub Actions takes on with a token of its own, so that no key is stored anywhere: one that
 * reads and builds (pull requests), one that pushes, one that deploys; and the account's OIDC provider
 * for GitHub, of which there is one in an account, unless the settings name it. Free of charge.
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
