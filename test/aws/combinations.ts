import type { Deviation } from "./deviation.ts";

type Found = Omit<Deviation, "service" | "operation">;
type Rule = (input: never, output: never) => readonly Found[];

/** What AWS documents about answers beyond the model's shapes, by operation. */
const rules: Readonly<Record<string, Rule>> = {
  "ecs:DescribeServices": (_: unknown, { services = [] }: { services?: EcsService[] }) =>
    services.flatMap((service) => rolloutStates(service, "services[]")),
  "ecs:UpdateService": (_: unknown, { service }: { service?: EcsService }) =>
    service === undefined ? [] : rolloutStates(service, "service"),
  "iam:SimulatePrincipalPolicy": simulation,
  "iam:SimulateCustomPolicy": simulation,
  "ecr:BatchGetImage": batchOfImages,
  "lambda:GetFunction": (_: unknown, { Configuration }: { Configuration?: LambdaFunction }) =>
    Configuration === undefined ? [] : updateReasons(Configuration, "Configuration"),
  "lambda:GetFunctionConfiguration": (_: unknown, output: LambdaFunction) => updateReasons(output, ""),
};

/** What in an answer goes against AWS's documents although each member alone is right. */
export function describeCombinations(
  service: string,
  operation: string,
  input: unknown,
  output: unknown,
): Found[] {
  const rule = rules[`${service}:${operation}`];
  if (rule === undefined || input === undefined || output === undefined || output === null) return [];
  return [...rule(input as never, output as never)];
}

interface EcsService {
  readonly deploymentController?: { readonly type?: string };
  readonly deploymentConfiguration?: { readonly strategy?: string };
  readonly loadBalancers?: readonly { readonly loadBalancerName?: string }[];
  readonly deployments?: readonly { readonly rolloutState?: string }[];
}

/**
 * "The rolloutState of a service is only returned for services that use the rolling update (ECS)
 * deployment type that aren't behind a Classic Load Balancer": the model's words on Deployment.rolloutState.
 */
function rolloutStates(service: EcsService, path: string): Found[] {
  const { strategy = "ROLLING" } = service.deploymentConfiguration ?? {};
  const classic =
    service.loadBalancers?.some(({ loadBalancerName }) => loadBalancerName !== undefined) === true;
  const rolls = strategy === "ROLLING" && (service.deploymentController?.type ?? "ECS") === "ECS" && !classic;
  if (rolls || service.deployments?.every(({ rolloutState }) => rolloutState === undefined) !== false)
    return [];
  const why = classic ? "a service behind a Classic Load Balancer" : `a ${strategy} service`;
  return [combination(`${path}.deployments[].rolloutState`, `${why} has none`)];
}

interface Evaluation {
  readonly EvalActionName?: string;
  readonly EvalResourceName?: string;
  readonly ResourceSpecificResults?: readonly unknown[];
}

/**
 * "EvalResourceName: the ARN template for the simulated resource type, or *. This is not a specific
 * customer-provided resource ARN": the model's words on EvaluationResult.
 */
function simulation(
  { ResourceArns = [] }: { ResourceArns?: readonly string[] },
  { EvaluationResults = [] }: { EvaluationResults?: readonly Evaluation[] },
): Found[] {
  const named = ResourceArns.filter((arn) => arn !== "*");
  return EvaluationResults.flatMap(({ EvalResourceName = "*", ResourceSpecificResults }) => [
    ...(named.includes(EvalResourceName)
      ? [
          combination(
            "EvaluationResults[].EvalResourceName",
            `${EvalResourceName} is a resource, not a template`,
          ),
        ]
      : []),
    ...(named.length > 0 && ResourceSpecificResults === undefined
      ? [
          combination(
            "EvaluationResults[].ResourceSpecificResults",
            "the decision for each resource stands here",
          ),
        ]
      : []),
  ]);
}

interface ImageId {
  readonly imageDigest?: string;
  readonly imageTag?: string;
}

/** Each image that was asked for is answered, or is among the failures with a code. */
function batchOfImages(
  { imageIds = [] }: { imageIds?: readonly ImageId[] },
  {
    images = [],
    failures = [],
  }: { images?: readonly unknown[]; failures?: readonly { failureCode?: string }[] },
): Found[] {
  // By its digest: several tags can be one image's.
  const asked = new Set(imageIds.map(({ imageDigest, imageTag }) => imageDigest ?? imageTag)).size;
  const answered = images.length + failures.length;
  const silent = asked > 0 && answered < (imageIds.every(({ imageDigest }) => imageDigest) ? asked : 1);
  return [
    ...(silent ? [combination("failures", `${asked} asked for, ${answered} answered`)] : []),
    ...failures
      .filter(({ failureCode }) => failureCode === undefined)
      .map(() => combination("failures[].failureCode", "a failure has a code")),
  ];
}

interface LambdaFunction {
  readonly LastUpdateStatus?: string;
  readonly LastUpdateStatusReasonCode?: string;
}

/** The reason is that of an update that failed, or is not done. */
function updateReasons(
  { LastUpdateStatus, LastUpdateStatusReasonCode }: LambdaFunction,
  path: string,
): Found[] {
  if (!LastUpdateStatusReasonCode || LastUpdateStatus !== "Successful") return [];
  return [
    combination(
      [path, "LastUpdateStatusReasonCode"].filter(Boolean).join("."),
      "an update that succeeded has no reason",
    ),
  ];
}

function combination(path: string, detail: string): Found {
  return { side: "answer", path, kind: "combination", detail };
}
