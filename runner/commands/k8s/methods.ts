/** A way to let the nodes of a cluster pull from ECR. */
export interface Method {
  readonly name: "nodes" | "kubelet" | "external-secrets" | "cronjob";
  readonly title: string;
  readonly when: string;
  readonly why: string;
  /** What to do, one step a line. */
  readonly steps: readonly string[];
}

export interface Stage {
  readonly stack: string;
  readonly registry: string;
  /** ARNs of the stack's repositories. */
  readonly repositories: readonly string[];
  readonly secret: string;
}

/**
 * The ways, the best first: each one below has more parts that can fail than the one above it. A pull secret
 * holds a token of 12 hours, so the last two only work while something keeps renewing it.
 */
export function methodsFor({ stack, registry, repositories, secret }: Stage): readonly Method[] {
  const policy = [
    "ecr:GetAuthorizationToken on *",
    `ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:BatchCheckLayerAvailability on ${listed(repositories)}`,
  ];
  const use = `let the pods use it: imagePullSecrets: [{name: ${secret}}] in the pod's spec or in its service account`;
  return [
    {
      name: "nodes",
      title: "Nothing: the nodes' role",
      when: "the cluster is EKS (with Fargate: its pod execution role), or its nodes are EC2 instances with a role",
      why: "kubelet signs in with the node's role for each pull; no secret exists that could expire",
      steps: [
        "give the nodes' role the AWS managed policy AmazonEC2ContainerRegistryPullOnly",
        `for a registry in another account, name that account in slipway:repositories.pullPrincipals of ${stack}, and deploy`,
      ],
    },
    {
      name: "kubelet",
      title: "kubelet's credential provider",
      when: "the nodes are yours but not EKS's, and can get AWS credentials (IAM Roles Anywhere, an instance's role)",
      why: "kubelet asks ecr-credential-provider before each pull (stable since Kubernetes 1.26); no secret exists that could expire",
      steps: [
        "install ecr-credential-provider of kubernetes/cloud-provider-aws on each node",
        `start kubelet with --image-credential-provider-bin-dir and --image-credential-provider-config, with matchImages: ["${registry}"]`,
        ...policy.map((one) => `let the nodes call ${one}`),
        "Kubernetes 1.34 can use each pod's own service account instead (KEP-4412); the provider's part of it is new",
      ],
    },
    {
      name: "external-secrets",
      title: "External Secrets Operator",
      when: "nodes have no AWS credentials, and the cluster runs the operator or may",
      why: "a controller renews the secret, says so in its status and tries again; every namespace gets its own",
      steps: [
        ...policy.map((one) => `let the operator's service account call ${one}`),
        `slipway k8s credentials NAMESPACE --stack ${stack} --method external-secrets`,
        use,
        `slipway k8s credentials NAMESPACE --stack ${stack} --check`,
      ],
    },
    {
      name: "cronjob",
      title: "A CronJob",
      when: "nothing above can be had",
      why: "it needs only kubectl apply, and it is the way with the most that can fail unseen: check it",
      steps: [
        `let its AWS identity call ${policy.join("; and ")}`,
        `slipway k8s credentials NAMESPACE --stack ${stack} --method cronjob --image public.ecr.aws/aws-cli/aws-cli@sha256:...`,
        use,
        `slipway k8s credentials NAMESPACE --stack ${stack} --check`,
      ],
    },
  ];
}

function listed(repositories: readonly string[]): string {
  if (repositories.length === 0) return "the stack's repositories";
  const shown = repositories.slice(0, 3).join(", ");
  return repositories.length > 3 ? `${shown} and ${repositories.length - 3} more` : shown;
}
