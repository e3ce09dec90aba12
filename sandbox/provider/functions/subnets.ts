import { EC2, paginateDescribeSubnets } from "@aws-sdk/client-ec2";
import type { ec2 } from "@pulumi/aws";
import { defineFunction } from "../function.ts";
import { filtersOf } from "./vpc.ts";

export const getSubnets = defineFunction<ec2.GetSubnetsArgs, ec2.GetSubnetsResult>()({
  token: "aws:ec2/getSubnets:getSubnets",
  arguments: { filters: "used", region: "used", tags: "used" },
  async call(given, context) {
    const Filters = filtersOf(given.filters, given.tags);
    const ids: string[] = [];
    const pages = paginateDescribeSubnets(
      { client: context.client(EC2, "ec2") },
      Filters.length === 0 ? {} : { Filters },
    );
    for await (const { Subnets } of pages) ids.push(...(Subnets ?? []).map(({ SubnetId = "" }) => SubnetId));
    return {
      ...(given.filters === undefined ? {} : { filters: given.filters }),
      id: context.region,
      ids,
      region: context.region,
      tags: given.tags ?? {},
    };
  },
});
