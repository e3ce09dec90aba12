import { EC2, type Filter } from "@aws-sdk/client-ec2";
import type { ec2 } from "@pulumi/aws";
import { defineFunction } from "../function.ts";
import { fromKeyValues } from "../tags.ts";

export const getVpc = defineFunction<ec2.GetVpcArgs, ec2.GetVpcResult>()({
  token: "aws:ec2/getVpc:getVpc",
  arguments: {
    cidrBlock: "used",
    default: "used",
    dhcpOptionsId: "used",
    filters: "used",
    id: "used",
    region: "used",
    state: "used",
    tags: "used",
  },
  async call(given, context) {
    const ec2 = context.client(EC2, "ec2");
    const Filters = filtersOf(given.filters, given.tags, {
      cidr: given.cidrBlock,
      "dhcp-options-id": given.dhcpOptionsId,
      "is-default": given.default,
      state: given.state,
    });
    const { Vpcs } = await ec2.describeVpcs({
      ...(given.id === undefined ? {} : { VpcIds: [given.id] }),
      ...(Filters.length === 0 ? {} : { Filters }),
    });
    const [vpc] = Vpcs ?? [];
    if (vpc === undefined || Vpcs?.length !== 1) {
      throw new Error(`getVpc must find exactly one VPC, but found ${Vpcs?.length ?? 0}`);
    }
    const id = vpc.VpcId ?? "";
    const [hostnames, support, tables] = await Promise.all([
      ec2.describeVpcAttribute({ VpcId: id, Attribute: "enableDnsHostnames" }),
      ec2.describeVpcAttribute({ VpcId: id, Attribute: "enableDnsSupport" }),
      ec2.describeRouteTables({
        Filters: [
          { Name: "vpc-id", Values: [id] },
          { Name: "association.main", Values: ["true"] },
        ],
      }),
    ]);
    const ownerId = vpc.OwnerId ?? context.account;
    const ipv6 = (vpc.Ipv6CidrBlockAssociationSet ?? []).map((each) => ({
      associationId: each.AssociationId ?? "",
      ipv6CidrBlock: each.Ipv6CidrBlock ?? "",
      ipv6Pool: each.Ipv6Pool ?? "",
      networkBorderGroup: each.NetworkBorderGroup ?? "",
      ipSource: each.IpSource ?? "",
      ipv6AddressAttribute: each.Ipv6AddressAttribute ?? "",
      state: each.Ipv6CidrBlockState?.State ?? "",
    }));
    return {
      arn: `arn:${context.partition}:ec2:${context.region}:${ownerId}:vpc/${id}`,
      cidrBlock: vpc.CidrBlock ?? "",
      cidrBlockAssociations: (vpc.CidrBlockAssociationSet ?? []).map((each) => ({
        associationId: each.AssociationId ?? "",
        cidrBlock: each.CidrBlock ?? "",
        state: each.CidrBlockState?.State ?? "",
      })),
      default: vpc.IsDefault ?? false,
      dhcpOptionsId: vpc.DhcpOptionsId ?? "",
      enableDnsHostnames: hostnames.EnableDnsHostnames?.Value ?? false,
      enableDnsSupport: support.EnableDnsSupport?.Value ?? false,
      enableNetworkAddressUsageMetrics: false,
      ...(given.filters === undefined ? {} : { filters: given.filters }),
      id,
      instanceTenancy: vpc.InstanceTenancy ?? "",
      ipv6AssociationId: ipv6[0]?.associationId ?? "",
      ipv6CidrBlock: ipv6[0]?.ipv6CidrBlock ?? "",
      ipv6CidrBlockAssociations: ipv6,
      mainRouteTableId: tables.RouteTables?.[0]?.RouteTableId ?? "",
      ownerId,
      region: context.region,
      state: vpc.State ?? "",
      tags: fromKeyValues(vpc.Tags),
    };
  },
});

/** EC2's filters for what a function's arguments say. */
export function filtersOf(
  filters: readonly { readonly name: string; readonly values: readonly string[] }[] | undefined,
  tags: Readonly<Record<string, string>> | undefined,
  others: Readonly<Record<string, string | boolean | undefined>> = {},
): Filter[] {
  return [
    ...(filters ?? []).map(({ name, values }) => ({ Name: name, Values: [...values] })),
    ...Object.entries(tags ?? {}).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
    ...Object.entries(others)
      .filter(([, value]) => value !== undefined)
      .map(([Name, value]) => ({ Name, Values: [String(value)] })),
  ];
}
