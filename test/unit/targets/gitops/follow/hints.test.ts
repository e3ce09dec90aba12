import { expect, test } from "vitest";
import { deliveryHints } from "../../../../../runner/targets/gitops/follow/hints.ts";
import { hintFor } from "../../../../../runner/targets/hints.ts";

test.each([
  [
    "pod ui-1, ui: ImagePullBackOff",
    ['Pod/ui-1: Failed: Failed to pull image "x": pulling image: no basic auth credentials'],
    "slipway k8s credentials says what to do",
  ],
  [
    "pod ui-1, ui: ErrImagePull: failed to pull and unpack image: x: not found",
    [],
    "the registry does not have the image",
  ],
  [
    "Degraded",
    ["pod ui-1, ui: CrashLoopBackOff", "last log lines of ui-1, ui:", "  exec format error"],
    "another CPU architecture",
  ],
  [
    "Degraded",
    ["pod ui-1, ui: CrashLoopBackOff (it ended: OOMKilled, exit code 137)"],
    "raise resources.limits.memory",
  ],
  [
    "Progressing",
    ["pod ui-1: Unschedulable: 0/3 nodes are available: 3 Insufficient memory."],
    "no node has room",
  ],
  [
    "Degraded",
    ['pod ui-1, ui: CreateContainerConfigError: secret "db" not found'],
    "does not exist in its namespace",
  ],
  ["Argo Rollouts aborted the rollout: Rollout/ui: RolloutAborted", [], "slipway rollback"],
  [
    "InvalidSpecError: application repo x is not permitted in project 'shop'",
    [],
    "the AppProject does not allow",
  ],
  [
    "ComparisonError: failed to generate manifest for source 1 of 1: kustomize build failed",
    [],
    "do not render",
  ],
  [
    "ComparisonError: authentication required: Repository not found",
    [],
    "may not read the manifest repository",
  ],
  [
    'the sync failed: one or more objects failed to apply, reason: Deployment.apps "ui" is invalid',
    [],
    "refuses a manifest",
  ],
  [
    "Synced to b and Healthy, but the image that was delivered does not run: it runs x",
    [],
    "is not what the cluster renders",
  ],
  ["Argo CD, Application ui: not done after 900 s: OutOfSync", [], "a longer timeoutSeconds"],
])("%s %j: %s", (message, evidence, advice) => {
  expect(hintFor({ message, evidence }, deliveryHints)).toContain(advice);
});

test("what a program says in its log is not taken for the cluster's word", () => {
  const evidence = [
    "pod ui-1, ui: CrashLoopBackOff (it ended: Error, exit code 1)",
    "  upstream answered 403: access denied",
  ];
  expect(hintFor({ message: "Degraded", evidence }, deliveryHints)).toContain("last log lines say why");
});
