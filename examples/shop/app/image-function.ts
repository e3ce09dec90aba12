import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceImage } from "./images.ts";
import { assumedBy, logsOnly } from "./permissions.ts";
import type { Settings } from "./settings.ts";

export interface ImageFunctionArgs {
  readonly image: pulumi.Output<ServiceImage>;
  readonly settings: Settings;
  /** Name of the function, and of its role. */
  readonly functionName: string;
}

/**
 * A function that is a container image: log group, role, function, and the alias `live` that callers use.
 *
 * Costs what its invocations cost, and what it logs.
 */
export class ImageFunction extends pulumi.ComponentResource {
  readonly functionName: pulumi.Output<string>;
  readonly functionArn: pulumi.Output<string>;
  readonly aliasName: pulumi.Output<string>;
  readonly aliasArn: pulumi.Output<string>;

  constructor(name: string, args: ImageFunctionArgs, options?: pulumi.ComponentResourceOptions) {
    super("shop:index:ImageFunction", name, {}, options);
    const { functionName, settings } = args;
    const own = { parent: this };

    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { name: `/aws/lambda/${functionName}`, retentionInDays: settings.logRetentionDays },
      own,
    );
    const role = new aws.iam.Role(
      name,
      { name: functionName, assumeRolePolicy: assumedBy("lambda.amazonaws.com") },
      own,
    );
    const policy = new aws.iam.RolePolicy(
      name,
      { name: "write-logs", role: role.name, policy: logsOnly(logGroup.arn) },
      own,
    );

    const lambda = new aws.lambda.Function(
      name,
      {
        name: functionName,
        packageType: "Image",
        imageUri: args.image.manifest,
        architectures: [settings.architecture.lambda],
        role: role.arn,
        memorySize: 128,
        timeout: 10,
        // An alias needs a version, which never changes.
        publish: true,
      },
      {
        ...own,
        // `slipway deploy` moves it. Without this, `up` would put the first image back.
        ignoreChanges: ["imageUri"],
        dependsOn: [policy],
      },
    );

    const alias = new aws.lambda.Alias(
      name,
      {
        name: "live",
        description: "What callers use",
        functionName: lambda.name,
        functionVersion: lambda.version,
      },
      // `slipway deploy` moves it, at once or by weight.
      { ...own, ignoreChanges: ["functionVersion", "routingConfig"] },
    );

    this.functionName = lambda.name;
    this.functionArn = lambda.arn;
    this.aliasName = alias.name;
    this.aliasArn = alias.arn;
    this.registerOutputs({ functionName: lambda.name, aliasArn: alias.arn });
  }
}
