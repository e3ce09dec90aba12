import type { CodeTable } from "./entry.ts";

/** Codes of ECS services and Lambda functions, and of moving them to an image. */
export const targetCodes = {
  "alias-has-provisioned-concurrency": {
    meaning: "A setting of the target needs an alias without provisioned concurrency of its own.",
    fix: "Delete it from the alias and set provisionedConcurrency of the target, or remove the setting.",
    exits: [2],
  },
  "alias-overtaken": {
    meaning: "Somebody else moved the function's alias during the deployment.",
    fix: "Deploy again when the other deployment is over.",
    exits: [1],
  },
  "branch-not-found": {
    meaning: "The manifest repository has no such branch, or has no commits.",
    fix: "Create the branch with a first commit, or name another branch in the target.",
    exits: [1, 2],
  },
  "branch-not-ours": {
    meaning: "Somebody else has committed to the branch of a pull request that Slipway keeps up to date.",
    fix: "Merge or close the pull request, delete its branch, and run the command again.",
    exits: [1],
  },
  "check-failed": {
    meaning: "A check before the deployment failed: a role, a secret, a log group, an image or an alarm.",
    fix: "Correct what the message names. `slipway verify` runs the same checks.",
    exits: [2],
  },
  "cluster-refused": {
    meaning: "The Kubernetes cluster does not accept the credentials, or does not allow what Slipway reads.",
    fix: "Sign in again, or allow it with a Role. docs/how-to/kubernetes.md has the roles.",
    exits: [1],
  },
  "commit-differs": {
    meaning: "GitHub's API made other files of a commit than Slipway sent. No branch has the commit.",
    fix: "Write commit: git for the target.",
    exits: [1],
  },
  "deployment-in-progress": {
    meaning: "Another run holds this machine's lock on the stack.",
    fix: "Wait until it ends, or end it.",
    exits: [1],
  },
  failed: {
    meaning: "A target's deployment failed.",
    fix: "Read the reason and the log lines below the target.",
    exits: [1],
  },
  "foreign-controller": {
    meaning: "CodeDeploy or an external controller deploys the ECS service.",
    fix: "Deploy it there, or change the service's deployment controller to ECS.",
    exits: [2],
  },
  "forge-refused": {
    meaning:
      "GitHub or GitLab does not accept the token, or does not let it do what a pull request, or a commit through the API, needs.",
    fix: "Give the token the permissions that the message names.",
    exits: [1, 2],
  },
  "function-overtaken": {
    meaning: "Somebody else updated the function during the deployment.",
    fix: "Deploy again when the other deployment is over. The alias was not moved.",
    exits: [1],
  },
  "function-update-failed": {
    meaning: "Lambda could not update the function.",
    fix: "Correct what Lambda's message names, and deploy again. The alias was not moved.",
    exits: [1],
  },
  "kind-not-in-cluster": {
    meaning: "The Kubernetes cluster has no CRD of Argo CD, Flux or the External Secrets Operator.",
    fix: "Check that the context names the cluster that they run in.",
    exits: [1],
  },
  "kubectl-failed": {
    meaning: "`kubectl` failed in a way that Slipway does not know.",
    fix: "Run the command of the message by hand.",
    exits: [1],
  },
  "kubectl-missing": {
    meaning: "`kubectl` is not installed, and Slipway reads Kubernetes clusters with it.",
    fix: "Install kubectl, or let Slipway ask Argo CD's API: `follow.argocd.server`.",
    exits: [2],
  },
  "lambda-manifest": {
    meaning: "Lambda does not accept the image's manifest.",
    fix: "Build the image for the function's platform without attestations, and deploy again.",
    exits: [1],
  },
  "manifest-no-match": {
    meaning: "A file of manifests has nothing at the place that the target names.",
    fix: "Correct the path in services.yaml, or add the key to the file.",
    exits: [1, 2],
  },
  "manifest-not-found": {
    meaning: "The branch of the manifest repository has no such file, or no plain file there.",
    fix: "Correct the path in services.yaml, or commit the file.",
    exits: [1, 2],
  },
  "manifest-refused": {
    meaning: "An image can't be set in a file of manifests without a change of something else.",
    fix: "Change the line that the message names, as it says.",
    exits: [1, 2],
  },
  "manifest-several-matches": {
    meaning: "Several places of a file of manifests match what the target names.",
    fix: "Name one of them more exactly.",
    exits: [1, 2],
  },
  "no-cluster": {
    meaning: "`kubectl` does not know the Kubernetes cluster.",
    fix: "Correct `context` and `kubeconfig`, or add the context: `aws eks update-kubeconfig`.",
    exits: [1],
  },
  "no-git-identity": {
    meaning: "Git does not know in whose name to commit.",
    fix: "Set user.name and user.email, or GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL and the same for GIT_COMMITTER.",
    exits: [1, 2],
  },
  "no-task-definition": {
    meaning: "The ECS service has no task definition to put an image into.",
    fix: "Give the service a task definition first.",
    exits: [2],
  },
  "not-an-image-function": {
    meaning: "The function is a zip package, and Lambda cannot turn it into a container image.",
    fix: "Create a function of package type Image under another name.",
    exits: [2],
  },
  "not-in-cluster": {
    meaning: "The Kubernetes cluster has no object of that name.",
    fix: "Correct the name, the namespace and the context.",
    exits: [1],
  },
  "one-off-failed": {
    meaning: "The one-off task before the update failed, or ECS could not place it. Nothing was moved.",
    fix: "Correct the cause that the message and the task's log lines show.",
    exits: [1],
  },
  "one-off-stopped": {
    meaning: "The run was interrupted, and its one-off task was stopped. Nothing was moved.",
    fix: "Run the command again.",
    exits: [130],
  },
  "one-off-without-volume": {
    meaning:
      "The one-off task needs a volume that is configured at launch, and the service does not say how.",
    fix: "Configure the volume in the service (volumeConfigurations), or remove `before`.",
    exits: [2],
  },
  "path-outside": {
    meaning: "A path of a target leads out of the manifest repository.",
    fix: "Write the path from the top of the manifest repository.",
    exits: [1, 2],
  },
  "platform-mismatch": {
    meaning: "The target runs on a platform that the image is not built for.",
    fix: "Add the platform to the service, or change the target's architecture.",
    exits: [2],
  },
  "provisioned-concurrency-failed": {
    meaning: "Lambda could not start the version's provisioned concurrency.",
    fix: "Check the function's start and the account's concurrency limit.",
    exits: [1],
  },
  "pull-request-closed": {
    meaning: "A person closed the pull request with these images without a merge.",
    fix: "Reopen it, or deploy other images.",
    exits: [1],
  },
  "push-contended": {
    meaning: "Other writers pushed to the manifest branch in every round of Slipway's attempts.",
    fix: "Run the command again.",
    exits: [1],
  },
  "push-rejected": {
    meaning:
      "The server of the manifest repository rejected the push: a protected branch, a hook, a missing permission.",
    fix: "Allow the push, as the server's message says. Nothing was changed.",
    exits: [1, 2],
  },
  "repository-refused": {
    meaning:
      "The server of the manifest repository does not accept the credentials, or knows no such repository.",
    fix: "Check the address, and give git credentials that may read and push.",
    exits: [1, 2],
  },
  "repository-unreachable": {
    meaning: "The manifest repository does not answer.",
    fix: "Check the address and the network, and run the command again.",
    exits: [1, 2],
  },
  "revision-gone": {
    meaning: "The task definition revision of the release was deregistered or deleted.",
    fix: "Go back without `--with-task-definition`.",
    exits: [1],
  },
  "rolled-back": {
    meaning: "A target failed and went back to what it ran before.",
    fix: "Read the reason and the log lines below the target.",
    exits: [1],
  },
  "service-draining": {
    meaning: "The ECS service is being deleted.",
    fix: "Wait until it is gone, create it again, and deploy then.",
    exits: [2],
  },
  "signing-failed": {
    meaning: "Git is configured to sign commits, and could not sign one.",
    fix: "Make the key available to git, or switch commit.gpgSign off.",
    exits: [1],
  },
  "smoke-check-without-address": {
    meaning: "A smoke check cannot reach the service's tasks: they have no address or port of their own.",
    fix: "Use network mode awsvpc and map the container's port, or remove the smoke check.",
    exits: [2],
  },
  "tag-moved": {
    meaning:
      "A manifest is to name an image by tag, and the registry has another image under that tag, or none.",
    fix: "Deploy from source again, or set `write: tag@digest` in the target.",
    exits: [1, 2],
  },
  "target-keeps-changing": {
    meaning: "Somebody else changed a target again and again while Slipway was about to change it.",
    fix: "Wait until the other deployments are over, and run the command again.",
    exits: [1],
  },
  "timed-out": {
    meaning: "Lambda did not finish within the target's timeoutSeconds.",
    fix: "Look at the function in the console, or raise timeoutSeconds.",
    exits: [1],
  },
  "unknown-alarm": {
    meaning: "A CloudWatch alarm that the target names does not exist.",
    fix: "Correct the name, or create the alarm.",
    exits: [2],
  },
  "unknown-alias": {
    meaning: "The function has no alias with this name.",
    fix: "Correct the name, or create the alias.",
    exits: [2],
  },
  "unknown-cluster": {
    meaning: "There is no ECS cluster with this name.",
    fix: "Correct the name, the region or the account.",
    exits: [2],
  },
  "unknown-container": {
    meaning: "The task definition has no container with this name.",
    fix: 'Name the container with "container" or "sidecars" in the target.',
    exits: [2],
  },
  "unknown-function": {
    meaning: "There is no Lambda function with this name.",
    fix: 'Correct the name, or add "create" to the target.',
    exits: [1, 2],
  },
  "unknown-service": {
    meaning: "There is no service with this name in services.yaml, or in the ECS cluster.",
    fix: "Use the name that the message suggests.",
    exits: [1, 2],
  },
  "wrong-region": {
    meaning: "The function is in another region than the registry, and Lambda takes images of its own only.",
    fix: "Push to that region, or replicate the repository there (slipway:repositories.replication).",
    exits: [2],
  },
} as const satisfies CodeTable;
