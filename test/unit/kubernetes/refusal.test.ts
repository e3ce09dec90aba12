import { describe, expect, test } from "vitest";
import { explainKubectl } from "../../../runner/kubernetes/refusal.ts";

const explain = (stderr: string) =>
  explainKubectl(stderr, {
    cluster: "cluster prod",
    args: ["get", "applications.argoproj.io", "ui"],
    cause: undefined,
  }).problems[0];

describe("what kubectl says", () => {
  test.each([
    ['error: context "prod" does not exist', "no-cluster"],
    [
      "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
      "no-cluster",
    ],
    ["error: You must be logged in to the server (Unauthorized)", "cluster-refused"],
    [
      'E1128 10:00:00.1 1 memcache.go:265] "Unhandled Error"\nUnable to connect to the server: getting credentials: exec: executable aws failed with exit code 255',
      "cluster-refused",
    ],
    [
      'Error from server (Forbidden): applications.argoproj.io "ui" is forbidden: User "system:serviceaccount:ci:slipway" cannot get resource "applications" in API group "argoproj.io" in the namespace "argocd"',
      "cluster-refused",
    ],
    ['error: the server doesn\'t have a resource type "applications"', "kind-not-in-cluster"],
    ['Error from server (NotFound): applications.argoproj.io "ui" not found', "not-in-cluster"],
    ["Error from server (TooManyRequests): the server has received too many requests", "throttled"],
    ["Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout", "unreachable"],
    ["Unable to connect to the server: dial tcp: lookup abc.eks.amazonaws.com: no such host", "unreachable"],
    [
      "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?",
      "unreachable",
    ],
    [
      "Error from server (ServiceUnavailable): the server is currently unable to handle the request",
      "unreachable",
    ],
    ["error: something new", "kubectl-failed"],
    ["", "kubectl-failed"],
  ])("%s: %s", (stderr, code) => {
    expect(explain(stderr)).toMatchObject({ code, where: "kubectl get applications.argoproj.io ui" });
  });

  test("a refusal names who may not do what", () => {
    const said =
      'Error from server (Forbidden): pods is forbidden: User "ci" cannot list resource "pods" in API group "" in the namespace "shop"';
    expect(explain(said)?.fix).toBe(
      "let ci list pods with a Role and a RoleBinding (docs/how-to/kubernetes.md has them)",
    );
  });
});
