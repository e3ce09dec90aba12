import { STS } from "@aws-sdk/client-sts";
import type { GetCallerIdentityArgs, GetCallerIdentityResult } from "@pulumi/aws";
import { defineFunction } from "../function.ts";

export const getCallerIdentity = defineFunction<GetCallerIdentityArgs, GetCallerIdentityResult>()({
  token: "aws:index/getCallerIdentity:getCallerIdentity",
  arguments: { id: "ignored" },
  async call(_given, context) {
    const { Account = "", Arn = "", UserId = "" } = await context.client(STS, "sts").getCallerIdentity({});
    return { accountId: Account, arn: Arn, id: Account, userId: UserId };
  },
});
