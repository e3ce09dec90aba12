import { ECR } from "@aws-sdk/client-ecr";
import type { ecr } from "@pulumi/aws";
import { defineFunction } from "../function.ts";

export const getAuthorizationToken = defineFunction<
  ecr.GetAuthorizationTokenArgs,
  ecr.GetAuthorizationTokenResult
>()({
  token: "aws:ecr/getAuthorizationToken:getAuthorizationToken",
  arguments: { region: "used", registryId: "used" },
  async call({ registryId }, context) {
    const { authorizationData } = await context
      .client(ECR, "ecr")
      .getAuthorizationToken(registryId === undefined ? {} : { registryIds: [registryId] });
    const [granted] = authorizationData ?? [];
    const authorizationToken = granted?.authorizationToken ?? "";
    const [userName = "", ...password] = Buffer.from(authorizationToken, "base64")
      .toString("utf8")
      .split(":");
    return {
      authorizationToken,
      expiresAt: granted?.expiresAt?.toISOString() ?? "",
      id: context.region,
      password: password.join(":"),
      proxyEndpoint: granted?.proxyEndpoint ?? "",
      region: context.region,
      ...(registryId === undefined ? {} : { registryId }),
      userName,
    };
  },
});
