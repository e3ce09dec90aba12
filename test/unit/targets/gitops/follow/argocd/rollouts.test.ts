import { expect, test } from "vitest";
import { judgeApplication } from "../../../../../../runner/targets/gitops/follow/argocd/verdict.ts";
import { application, delivered, resource } from "../builders.ts";

// What Argo CD makes of Argo Rollouts' objects, by its own tests:
// https://github.com/argoproj/argo-cd/blob/master/resource_customizations/argoproj.io/Rollout/health_test.yaml
// Since Rollouts 1.0, the message is status.message of the Rollout:
// https://github.com/argoproj/argo-rollouts/blob/master/pkg/kubectl-argo-rollouts/info/info_test.go

test.each<[health: string, message: string, verdict: object]>([
  ["Progressing", "Waiting for rollout spec update to be observed", { kind: "waiting" }],
  ["Progressing", "Waiting for roll out to finish: More replicas need to be updated", { kind: "waiting" }],
  [
    "Progressing",
    "Waiting for roll out to finish: updated replicas are still becoming available",
    { kind: "waiting" },
  ],
  [
    "Progressing",
    "Waiting for roll out to finish: old replicas are pending termination",
    { kind: "waiting" },
  ],
  ["Suspended", "Rollout is paused", { kind: "paused" }],
  ["Suspended", "CanaryPauseStep", { kind: "paused" }],
  ["Suspended", "BlueGreenPause", { kind: "paused" }],
  ["Degraded", "Rollout is aborted", { kind: "failed" }],
  [
    "Degraded",
    'RolloutAborted: metric "web" assessed Failed due to failed (1) > failureLimit (0)',
    { kind: "failed" },
  ],
  [
    "Degraded",
    'ReplicaSet "guestbook-bluegreen-helm-guestbook-6b8cf6f7db" has timed out progressing.',
    { kind: "failing", graceSeconds: 45 },
  ],
  [
    "Degraded",
    "The Rollout \"basic\" is invalid: spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
    { kind: "failing", graceSeconds: 45 },
  ],
])("a Rollout that is %s: %s", (status, message, verdict) => {
  const one = application({
    health: { status },
    resources: [resource("Rollout", "ui", { status, message })],
  });
  const found = judgeApplication(one, delivered(), { isRefreshed: true });
  expect(found).toMatchObject(verdict);
  expect(JSON.stringify(found)).toContain(JSON.stringify(`Rollout/ui: ${message}`).slice(1, -1));
});
