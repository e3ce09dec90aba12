import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** Port that every service listens on. */
export const servicePort = 8080;

/** Where the tasks run: subnets and a security group. */
export interface Network {
  readonly subnetIds: pulumi.Output<string[]>;
  readonly securityGroupId: pulumi.Output<string>;
}

/**
 * The account's default network, and a security group. It lets the network in on the services' port, and the
 * tasks out over HTTPS (images, logs). Costs nothing.
 */
export function defaultNetwork(name: string): Network {
  const vpc = aws.ec2.getVpcOutput({ default: true });
  const subnets = aws.ec2.getSubnetsOutput({ filters: [{ name: "vpc-id", values: [vpc.id] }] });
  const securityGroup = new aws.ec2.SecurityGroup("tasks", {
    name: `${name}-tasks`,
    description: "Tasks of the shop",
    vpcId: vpc.id,
    ingress: [
      {
        description: "The network itself",
        protocol: "tcp",
        fromPort: servicePort,
        toPort: servicePort,
        cidrBlocks: [vpc.cidrBlock],
      },
    ],
    egress: [
      {
        description: "Images and logs",
        protocol: "tcp",
        fromPort: 443,
        toPort: 443,
        cidrBlocks: ["0.0.0.0/0"],
      },
    ],
  });
  return { subnetIds: subnets.ids, securityGroupId: securityGroup.id };
}
