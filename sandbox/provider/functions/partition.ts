import type { GetPartitionArgs, GetPartitionResult } from "@pulumi/aws";
import { defineFunction } from "../function.ts";

export const getPartition = defineFunction<GetPartitionArgs, GetPartitionResult>()({
  token: "aws:index/getPartition:getPartition",
  arguments: { id: "ignored" },
  async call(_given, { partition }) {
    return { dnsSuffix: "amazonaws.com", id: partition, partition, reverseDnsPrefix: "com.amazonaws" };
  },
});
