import type { Hint } from "../../hint.ts";

const pulling = /ErrImagePull|ImagePullBackOff|failed to (pull|resolve)|pulling image/i;

/**
 * What Argo CD, Flux and kubelet say, and what to do about it, the most certain first.
 * https://kubernetes.io/docs/concepts/containers/images/
 */
export const deliveryHints: readonly Hint[] = [
  {
    when: [/exec format error/i],
    inLogs: true,
    advice:
      "the program is for another CPU architecture: add the nodes' platform to the service's platforms in services.yaml",
  },
  {
    when: [/no match for platform|no matching manifest/i],
    advice:
      "the image has no manifest for the nodes' platform: add it to the service's platforms in services.yaml",
  },
  {
    when: [pulling, /no basic auth|401|403|denied|unauthorized|authorization failed|forbidden/i],
    advice:
      "the nodes may not pull from ECR: slipway k8s credentials says what to do, and slipway k8s credentials --check whether the pull secret has expired",
  },
  {
    when: [pulling, /not ?found|manifest unknown|404/i],
    advice:
      "the registry does not have the image: deploy again to build it, and check that the retention rules keep running images (slipway images)",
  },
  {
    when: [pulling],
    advice:
      "check that the nodes reach the registry, and that the pod's service account has the pull secret (slipway k8s credentials)",
  },
  {
    when: [/InvalidImageName/],
    advice: "the image's name in the manifest is not one: correct the part that Slipway does not write",
  },
  {
    when: [/OOMKilled/],
    advice: "the container ran out of memory: raise resources.limits.memory",
  },
  {
    when: [/CreateContainerConfigError/],
    advice: "the pod names a ConfigMap, a Secret or a key that does not exist in its namespace: create it",
  },
  {
    when: [/Insufficient (cpu|memory|\S+)|didn't match Pod's node affinity|untolerated taint|Unschedulable/i],
    advice: "no node has room for the pod: add nodes, or lower its requests, affinity and tolerations",
  },
  {
    when: [/exceeded quota|forbidden: .*quota/i],
    advice: "the namespace's ResourceQuota is used up: raise it, or lower the requests",
  },
  {
    when: [/violates PodSecurity/i],
    advice: "the namespace's Pod Security level forbids the pod: correct its securityContext",
  },
  {
    when: [/RolloutAborted|aborted the rollout/i],
    advice:
      "see the analysis runs (kubectl argo rollouts get rollout NAME); slipway rollback commits the image before, which also ends the Degraded state",
  },
  {
    when: [/InvalidSpecError/i, /project|not permitted/i],
    advice:
      "the AppProject does not allow the Application's repository, cluster or namespace: add it to the project",
  },
  {
    when: [/InvalidSpecError/i],
    advice: "correct the Application's spec: argocd app get NAME shows it",
  },
  {
    when: [
      /authentication required|repository not accessible|could not read Username|Permission denied \(publickey\)|ssh: handshake/i,
    ],
    advice:
      "the cluster may not read the manifest repository: renew its credentials there (argocd repo list; flux get sources git)",
  },
  {
    when: [
      /ComparisonError|BuildFailed|failed to generate manifest|kustomize build failed|accumulating resources/i,
    ],
    advice:
      "the manifests of the commit do not render: run kubectl kustomize or helm template on them, and correct what it names",
  },
  {
    when: [/conversion|unknown field|validation|admission webhook|is invalid|field is immutable/i],
    advice: "the API server refuses a manifest: correct the field that the message names",
  },
  {
    when: [/does not run: |image that was delivered/i],
    advice:
      "the edited file is not what the cluster renders: compare the target's files with the path of the Application or Kustomization",
  },
  {
    when: [/the Application (reads|follows)/],
    advice: "correct follow, or the repository and branch of the target",
  },
  {
    when: [/failed quality gate|HealthCheckFailed|ProgressDeadlineExceeded|exceeded its progress deadline/i],
    advice: "the new pods did not become ready in time: see their reasons and log lines above",
  },
  {
    when: [/CrashLoopBackOff|exit code [1-9]/],
    advice: "the program ends by itself: its last log lines say why",
  },
  {
    when: [/not done after/],
    advice: "see the state above; if the rollout only takes long, give follow a longer timeoutSeconds",
  },
];
