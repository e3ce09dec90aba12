import { defineCommand, defineGroup } from "../../cli/define.ts";
import { stackOption } from "../../cli/options.ts";

/** `slipway k8s credentials`: how the nodes of a cluster pull the stack's images, and whether they can. */
const credentials = defineCommand({
  command: "credentials [namespaces..]",
  describe: "Say how a Kubernetes cluster pulls the stack's images, write the manifests, or check them",
  examples: [
    ["k8s credentials --stack prod", "List the ways, the best first, and when each applies"],
    [
      "k8s credentials shop --stack prod --method external-secrets",
      "Write the manifests for the External Secrets Operator",
    ],
    [
      "k8s credentials shop billing --stack prod --method cronjob --image public.ecr.aws/aws-cli/aws-cli@sha256:...",
      "Write the manifests of a CronJob that renews a pull secret in two namespaces",
    ],
    [
      "k8s credentials shop --stack prod --check --context prod",
      "Say when the secret in the cluster expires, and whether its last renewal worked",
    ],
  ],
  positionals: {
    namespaces: {
      type: "string",
      array: true,
      default: [] as string[],
      defaultDescription: "default",
      describe: "Namespaces whose pods pull; the CronJob runs in the first",
    },
  },
  options: {
    stack: stackOption,
    method: {
      choices: ["external-secrets", "cronjob"],
      requiresArg: true,
      describe: "Write the manifests of this way to stdout; default: list the ways",
    },
    secret: {
      type: "string",
      default: "ecr-pull",
      requiresArg: true,
      describe: "Name of the pull secret",
    },
    "role-arn": {
      type: "string",
      requiresArg: true,
      describe: "IAM role that the service account assumes (IAM roles for service accounts)",
    },
    "aws-secret": {
      type: "string",
      requiresArg: true,
      describe:
        "Secret in the first namespace with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for clusters without roles",
    },
    image: {
      type: "string",
      requiresArg: true,
      describe: "Image of the AWS CLI by digest, for the CronJob; not in the registry that it signs in to",
    },
    check: {
      type: "boolean",
      default: false,
      describe: "Read the cluster with kubectl: when the secret expires, and whether the last run worked",
    },
    context: {
      type: "string",
      requiresArg: true,
      describe: "Context of the kubeconfig; default: its current context",
    },
    kubeconfig: { type: "string", requiresArg: true, describe: "Path of a kubeconfig; default: kubectl's" },
  },
  run: async (options, context) => {
    const [{ withSession }, { credentialsFor }, { showCredentials }, { coloursFor }] = await Promise.all([
      import("../../session/session.ts"),
      import("./credentials.ts"),
      import("./show.ts"),
      import("../../report/colours.ts"),
    ]);
    const document = await withSession(
      { services: [], stack: options.stack, sources: "none" },
      context,
      (session) =>
        credentialsFor(session, {
          method:
            options.method === "cronjob" || options.method === "external-secrets"
              ? options.method
              : undefined,
          namespaces: options.namespaces.length === 0 ? ["default"] : options.namespaces,
          secret: options.secret,
          roleArn: options["role-arn"],
          awsSecret: options["aws-secret"],
          image: options.image,
          check: options.check,
          context: options.context,
          kubeconfig: options.kubeconfig,
        }),
    );
    const exitCode = document.checks?.some(({ state }) => state === "fail") === true ? 1 : 0;
    return { exitCode, document, text: showCredentials(document, coloursFor(process.stdout)) };
  },
});

export const k8sCommand = defineGroup({
  command: "k8s",
  describe: "Let Kubernetes clusters pull the stack's images",
  commands: [credentials],
});
