import type { CodeTable } from "./entry.ts";

/** Codes of Pulumi, of builds and of the registry. */
export const buildCodes = {
  "build-failed": {
    meaning: "An image could not be built.",
    fix: "Correct the build step that the message names, or what it reads.",
    exits: [1],
  },
  "build-timeout": {
    meaning: "Building and pushing took longer than slipway:deploy.pushTimeoutSeconds.",
    fix: "Raise the limit, or find out with `docker buildx build` what takes so long.",
    exits: [1],
  },
  "builder-refused": {
    meaning: "The builder does not work: buildx cannot use the builder that slipway:builder names.",
    fix: "Check the builder with `docker buildx inspect`.",
    exits: [2],
  },
  "cosign-failed": {
    meaning: "Cosign, which signs without a key and checks such signatures, is missing or refused.",
    fix: "Install cosign 3, give the job `permissions: id-token: write`, or sign with a key.",
    exits: [1],
  },
  "disk-full": {
    meaning: "The disk is full.",
    fix: "Free some space. BuildKit's cache is emptied by `docker buildx prune`.",
    exits: [1],
  },
  "docker-unavailable": {
    meaning: "`slipway verify --run` needs Docker, which does not answer.",
    fix: "Start Docker, or set DOCKER_HOST.",
    exits: [2],
  },
  "image-gone": {
    meaning: "The image, or a part of it, is no longer in the registry.",
    fix: "Run the command again, or choose another release.",
    exits: [1],
  },
  "image-incomplete": {
    meaning: "The registry lacks a part of the image.",
    fix: "Run the command again: it pushes what is missing.",
    exits: [1],
  },
  "image-mismatch": {
    meaning: "The registry does not have the image that the source describes.",
    fix: "Run the command again when nobody changes the source.",
    exits: [1],
  },
  "link-leads-out": {
    meaning:
      "A Dockerfile or an ignore file is a symbolic link out of its folder, which BuildKit does not follow.",
    fix: "Name the file itself in services.yaml, or write it in the link's place.",
    exits: [2],
  },
  "missing-builder": {
    meaning: "The machine has no buildx builder with the name of slipway:builder.",
    fix: "Create it with `docker buildx create`, or choose one that `docker buildx ls` shows.",
    exits: [1, 2],
  },
  "missing-buildx": {
    meaning: "The docker buildx plugin is not installed.",
    fix: "Install it, and check with `slipway doctor`.",
    exits: [2],
  },
  "missing-pulumi": {
    meaning: "The Pulumi CLI is not installed.",
    fix: "Install it (https://www.pulumi.com/docs/install/), and check with `slipway doctor`.",
    exits: [2],
  },
  "missing-secret": {
    meaning: "A build secret's environment variable is not set.",
    fix: "Set the variable. Pull requests from forks get no secrets.",
    exits: [2],
  },
  "no-backend": {
    meaning: "Pulumi does not know where to keep its state.",
    fix: "Set PULUMI_BACKEND_URL under slipway:environment, or run `pulumi login`.",
    exits: [2],
  },
  "no-passphrase": {
    meaning: "Pulumi cannot decrypt the stack's secrets.",
    fix: "Set PULUMI_CONFIG_PASSPHRASE, or check the stack's secrets provider and the permissions for it.",
    exits: [2],
  },
  "no-repository": {
    meaning: "The stack's ECR repository for a service does not exist.",
    fix: "Create it with `pulumi up`.",
    exits: [2],
  },
  "not-an-image": {
    meaning: "The registry holds something other than a container image under this tag.",
    fix: "Delete it, and build again.",
    exits: [1],
  },
  "old-pulumi": {
    meaning: "The Pulumi CLI is too old.",
    fix: "Install a newer one.",
    exits: [2],
  },
  "platform-not-buildable": {
    meaning: "The builder cannot build for a platform.",
    fix: "Use a builder with a node for that platform, or emulation; see `slipway doctor`.",
    exits: [1],
  },
  "platform-unknown": {
    meaning: "The image's configuration, which names its platform, cannot be read.",
    fix: "Build the image again, or give the service exactly one platform.",
    exits: [1],
  },
  "policy-too-long": {
    meaning: "A policy of a GitHub role or of a repository is longer than IAM or ECR allows.",
    fix: "Split the services over several stacks, or name fewer branches, tags or principals.",
    exits: [2],
  },
  "pull-refused": {
    meaning: "The registry does not serve a part of an image or of its evidence.",
    fix: "Allow ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository in the role's policy.",
    exits: [1],
  },
  "push-refused": {
    meaning: "The registry refused a push.",
    fix: "Allow ecr:GetAuthorizationToken and the repository's push actions in the role's policy.",
    exits: [1],
  },
  "registry-unreachable": {
    meaning: "A registry does not answer as expected.",
    fix: "Check the network, the proxy and slipway:registry, and run the command again.",
    exits: [1],
  },
  "sbom-failed": {
    meaning: "Syft could not make a bill of materials of an image.",
    fix: "Install syft, or leave out `slipway:evidence.sbom`.",
    exits: [1],
  },
  "signing-key": {
    meaning: "The key that `slipway:evidence` names is not there, or can't sign.",
    fix: "Name an EC key on the curve P-256: a KMS key (ECC_NIST_P256, SIGN_VERIFY), or one in PEM without a password.",
    exits: [2],
  },
  "source-changed": {
    meaning: "Files changed while Slipway read them.",
    fix: "Run the command again when nobody changes the source.",
    exits: [1, 2],
  },
  "stack-locked": {
    meaning: "Somebody else holds Pulumi's lock on the stack.",
    fix: "Wait until they finish. If they are gone, release the lock with `pulumi cancel`.",
    exits: [1],
  },
  "tag-taken": {
    meaning: "A tag that may not move is already on another image.",
    fix: "Choose another version, or let the tag move with slipway:repositories.movingTags.",
    exits: [1, 2],
  },
  "too-many-tags": {
    meaning: "The image already has as many tags as ECR allows.",
    fix: "Delete old tags, or remove formats that name the commit from slipway:tags.",
    exits: [1, 2],
  },
  "unreachable-backend": {
    meaning: "Pulumi's state cannot be reached.",
    fix: "Check PULUMI_BACKEND_URL and the credentials for it.",
    exits: [2],
  },
  "update-failed": {
    meaning: "Pulumi's update of the stack failed.",
    fix: "Correct what Pulumi's message names, and run the command again.",
    exits: [1],
  },
  "registry-refused": {
    meaning: "The registry refused to say which images it has.",
    fix: "Allow the credentials of the AWS provider ecr:BatchGetImage on the repository.",
    exits: [1],
  },
  "image-archived": {
    meaning: "The image is in the archive of ECR, from which nothing can pull it.",
    fix: "Restore the image with the command that the message shows, then run the command again.",
    exits: [1],
  },
  "image-unavailable": {
    meaning:
      "ECR has the image but cannot give it out: its encryption key or its source registry does not answer.",
    fix: "Do what the message says, for example enable the key.",
    exits: [1],
  },
} as const satisfies CodeTable;
