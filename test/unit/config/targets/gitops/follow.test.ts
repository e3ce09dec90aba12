import { describe, expect, test } from "vitest";
import { followSchema, resolveFollow } from "../../../../../config/targets/gitops/follow.ts";

const messages = (follow: unknown) =>
  followSchema
    .safeParse(follow)
    .error?.issues.flatMap((issue) =>
      issue.code === "invalid_union" ? issue.errors.flat().map(({ message }) => message) : issue.message,
    ) ?? [];

describe("follow", () => {
  test("defaults to none, and to Argo CD's and Flux's own namespaces", () => {
    expect(followSchema.parse(undefined)).toBe("none");
    expect(followSchema.parse({ argocd: { application: "ui" } })).toEqual({
      argocd: {
        application: "ui",
        namespace: "argocd",
        tokenEnvironment: "ARGOCD_AUTH_TOKEN",
        timeoutSeconds: 900,
      },
    });
    expect(followSchema.parse({ flux: { kustomization: "apps" } })).toMatchObject({
      flux: { namespace: "flux-system", timeoutSeconds: 900 },
    });
  });

  test.each([
    [{ argocd: {} }, "needs either application or selector"],
    [{ argocd: { application: "ui", selector: "app=ui" } }, "needs either application or selector"],
    [
      { argocd: { application: "ui", server: "https://argo.example.com", context: "prod" } },
      "takes either server, or context and kubeconfig",
    ],
    [{ argocd: { application: "UI" } }, "is not the name of an Application"],
    [
      { argocd: { application: "ui", tokenEnvironment: "eyJhbGciOi.x" } },
      "is not the name of an environment variable",
    ],
    [{ flux: {} }, "needs kustomization, helmRelease or both"],
  ])("refuses %j", (follow, message) => {
    expect(messages(follow)).toContain(message);
  });

  test("replaces ${stack} in every text", () => {
    const follow = followSchema.parse({
      argocd: { selector: "app=ui,stage=${stack}", namespace: "argo-${stack}", context: "${stack}" },
    });
    expect(resolveFollow(follow, (text) => text.replaceAll("${stack}", "prod"))).toMatchObject({
      argocd: { selector: "app=ui,stage=prod", namespace: "argo-prod", context: "prod", timeoutSeconds: 900 },
    });
  });
});
