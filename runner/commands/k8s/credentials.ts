import { repositoryName } from "../../../config/names.ts";
import { type Problem, UserError } from "../../../config/problems/errors.ts";
import { partitionOf, regionOfRegistry } from "../../../config/stack/partition.ts";
import { openKubectl } from "../../kubernetes/kubectl.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import { cronJobManifests } from "./cron-job.ts";
import type { CredentialsDocument } from "./document.ts";
import { externalSecretsManifests } from "./external-secrets.ts";
import type { PullSecret } from "./manifests.ts";
import { methodsFor } from "./methods.ts";
import { readPullSecrets } from "./read.ts";
import { judgePullSecrets } from "./state.ts";

export interface CredentialsRequest {
  readonly method: "external-secrets" | "cronjob" | undefined;
  readonly namespaces: readonly string[];
  readonly secret: string;
  readonly roleArn: string | undefined;
  readonly awsSecret: string | undefined;
  readonly image: string | undefined;
  readonly check: boolean;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
}

/**
 * The ways in which a cluster can pull the stack's images; with a method its manifests, with `check` what a
 * cluster's secrets are like.
 *
 * @throws UserError for options that do not go together, and for a cluster that can't be read
 */
export async function credentialsFor(
  session: Session,
  request: CredentialsRequest,
): Promise<CredentialsDocument> {
  const { settings, services, registry, caller, signal } = session;
  const { region } = settings.aws;
  const problems = problemsOf(request, registry);
  if (problems.length > 0) throw new UserError(problems);
  const wanted: PullSecret = {
    registry,
    region: regionOfRegistry(registry) ?? region,
    namespaces: [...new Set(request.namespaces)],
    secret: request.secret,
    roleArn: request.roleArn,
    awsSecret: request.awsSecret,
  };
  const repositories = services.map(
    (service) =>
      `arn:${partitionOf(region).id}:ecr:${wanted.region}:${caller.account}:repository/${repositoryName(settings, service)}`,
  );
  const document: CredentialsDocument = {
    ...documentHead(session, "k8s credentials"),
    registry,
    methods: methodsFor({ stack: settings.stack, registry, repositories, secret: wanted.secret }),
  };
  if (request.check) {
    const kubectl = openKubectl(request, signal);
    const found = await readPullSecrets(kubectl, wanted);
    return { ...document, checks: judgePullSecrets(found, wanted, new Date()) };
  }
  switch (request.method) {
    case "external-secrets":
      return { ...document, manifests: externalSecretsManifests(wanted) };
    case "cronjob":
      return { ...document, manifests: cronJobManifests({ ...wanted, image: request.image ?? "" }) };
    case undefined:
      return document;
  }
}

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** The name of a CronJob leaves room for what its Jobs append. */
const longestName = 42;

function problemsOf(request: CredentialsRequest, registry: string): readonly Problem[] {
  const { namespaces, secret, method, image, roleArn, awsSecret, check } = request;
  const usage = (where: string, value: unknown, message: string, fix: string): Problem => ({
    code: "usage",
    where,
    value,
    message,
    fix,
  });
  const digest = "docker buildx imagetools inspect public.ecr.aws/aws-cli/aws-cli:latest shows it";
  return [
    ...namespaces
      .filter((one) => !label.test(one))
      .map((one) =>
        usage("namespaces", one, "is not the name of a namespace", "write lower-case letters, digits and -"),
      ),
    ...(label.test(secret) && secret.length <= longestName
      ? []
      : [
          usage(
            "--secret",
            secret,
            `is not a name of at most ${longestName} lower-case letters, digits and -`,
            "choose another name",
          ),
        ]),
    ...(check && method !== undefined
      ? [
          usage(
            "--check",
            method,
            "does not go with --method",
            "write the manifests first, apply them, and check them then",
          ),
        ]
      : []),
    ...(roleArn !== undefined && awsSecret !== undefined
      ? [usage("--aws-secret", awsSecret, "does not go with --role-arn", "keep one of them")]
      : []),
    ...(roleArn !== undefined && !/^arn:[^:]+:iam::\d{12}:role\/.+$/.test(roleArn)
      ? [
          usage(
            "--role-arn",
            roleArn,
            "is not the ARN of an IAM role",
            "write arn:aws:iam::ACCOUNT:role/NAME",
          ),
        ]
      : []),
    ...(method !== "cronjob"
      ? []
      : image === undefined
        ? [
            usage(
              "--image",
              undefined,
              "the CronJob needs an image of the AWS CLI by digest",
              `write --image public.ecr.aws/aws-cli/aws-cli@sha256:...; ${digest}`,
            ),
          ]
        : !/^[^@\s]+@sha256:[0-9a-f]{64}$/.test(image)
          ? [
              usage(
                "--image",
                image,
                "does not name the image by its digest, so what runs with the role could change",
                `write name@sha256:...; ${digest}`,
              ),
            ]
          : image.startsWith(`${registry}/`)
            ? [
                usage(
                  "--image",
                  image,
                  "is in the registry that it has to sign in to, so it could not be pulled",
                  "take it from public.ecr.aws, or a registry that the nodes can pull from",
                ),
              ]
            : []),
  ];
}
