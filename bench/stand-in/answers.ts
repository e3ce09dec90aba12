import { artifactManifest } from "../../runner/registry/artifact.ts";
import { blobOf, digestOf } from "../../runner/registry/blob.ts";
import { type ReleaseRecord, releaseId, releaseType } from "../../runner/release/record.ts";

/** Where everything is that the stand-in knows of. */
export const account = "111122223333";
export const region = "eu-west-1";
export const cluster = "bench";
export const prefix = "bench";
export const stack = "bench";
export const registry = `${account}.dkr.ecr.${region}.amazonaws.com`;

const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const digest = (text: string) => digestOf(text);

function platformManifest(platform: string): string {
  const layer = (name: string, size: number) => ({
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    digest: digest(`${platform} ${name}`),
    size,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { ...layer("configuration", 2_000), mediaType: "application/vnd.oci.image.config.v1+json" },
    layers: [layer("base", 2_000_000), layer("content", 300), layer("sum", 200)],
  });
}

const platforms = [
  { os: "linux", architecture: "amd64" },
  { os: "linux", architecture: "arm64" },
].map((platform) => {
  const text = platformManifest(platform.architecture);
  return { platform, text, digest: digest(text), size: text.length };
});

const index = JSON.stringify({
  schemaVersion: 2,
  mediaType: indexType,
  manifests: platforms.map(({ platform, digest, size }) => ({
    mediaType: manifestType,
    digest,
    size,
    platform,
  })),
});

/** The image that every service has and runs; equal content has equal digests. */
export const image = { digest: digest(index), text: index };

/** Manifests by digest: the image, and its platforms. */
export const manifests: ReadonlyMap<string, { readonly text: string; readonly mediaType: string }> = new Map([
  [image.digest, { text: index, mediaType: indexType }],
  ...platforms.map(({ digest, text }) => [digest, { text, mediaType: manifestType }] as const),
]);

export const reference = (service: string) => `${registry}/${prefix}/${service}@${image.digest}`;
export const revisionArn = (service: string) =>
  `arn:aws:ecs:${region}:${account}:task-definition/${service}:7`;
export const clusterArn = `arn:aws:ecs:${region}:${account}:cluster/${cluster}`;
export const serviceArn = (service: string) =>
  `arn:aws:ecs:${region}:${account}:service/${cluster}/${service}`;

const released = new Date("2026-05-04T10:00:00Z");
const at = released.toISOString();

/** The head of a service's releases: the image was deployed twenty times, and ran each time. */
export function newestRecord(service: string, commit: string): string {
  const id = (number: number) => releaseId(new Date(released.getTime() - number * 86_400_000), 0);
  const record: ReleaseRecord = {
    version: 1,
    id: id(0),
    command: "deploy",
    stack,
    service,
    account,
    region,
    startedAt: at,
    finishedAt: at,
    outcome: "done",
    late: false,
    source: { commit, committedAt: at, branch: "main", dirty: false },
    image: { repository: `${prefix}/${service}`, digest: image.digest, manifests: {}, tags: ["latest"] },
    targets: [
      {
        kind: "ecs",
        title: `ecs ${cluster}/${service}`,
        outcome: "done",
        message: `${service}:7 runs`,
        running: reference(service),
        details: { revision: `${service}:7` },
      },
    ],
    gates: [],
    by: { caller: `arn:aws:iam::${account}:user/bench` },
    slipway: "0.1.0",
    earlier: Array.from({ length: 20 }, (_, index) => ({
      id: id(index + 1),
      outcome: "done",
      command: "deploy",
      at,
      image: image.digest,
      manifests: {},
      tags: [`v1.0.${20 - index}`],
      commit,
      committedAt: at,
    })),
  };
  const content = blobOf(releaseType, JSON.stringify(record));
  return artifactManifest({ artifactType: releaseType, content, annotations: {} }).text;
}

const serviceRevisionArn = (service: string) =>
  `arn:aws:ecs:${region}:${account}:service-revision/${cluster}/${service}/1`;

/** The revision that a service runs, as DescribeServiceRevisions answers. */
export function serviceRevision(arn: string) {
  const service = arn.split("/").at(-2) ?? "";
  return {
    serviceRevisionArn: arn,
    serviceArn: serviceArn(service),
    clusterArn,
    taskDefinition: revisionArn(service),
    launchType: "FARGATE",
    containerImages: [{ containerName: service, image: reference(service), imageDigest: image.digest }],
    createdAt: released.getTime() / 1000,
  };
}

/** A Fargate service whose deployment is complete, as DescribeServices answers. */
export function ecsService(service: string) {
  const deployment = {
    id: `ecs-svc/${service}`,
    status: "PRIMARY",
    taskDefinition: revisionArn(service),
    desiredCount: 2,
    pendingCount: 0,
    runningCount: 2,
    failedTasks: 0,
    createdAt: released.getTime() / 1000,
    updatedAt: released.getTime() / 1000,
    launchType: "FARGATE",
    rolloutState: "COMPLETED",
    rolloutStateReason: "ECS deployment completed.",
  };
  return {
    serviceArn: serviceArn(service),
    serviceName: service,
    clusterArn,
    status: "ACTIVE",
    desiredCount: 2,
    runningCount: 2,
    pendingCount: 0,
    launchType: "FARGATE",
    schedulingStrategy: "REPLICA",
    taskDefinition: revisionArn(service),
    deploymentConfiguration: {
      deploymentCircuitBreaker: { enable: true, rollback: true },
      maximumPercent: 200,
      minimumHealthyPercent: 100,
    },
    deployments: [deployment],
    currentServiceRevisions: [{ arn: serviceRevisionArn(service), runningTaskCount: 2 }],
    loadBalancers: [],
    events: Array.from({ length: 100 }, (_, event) => ({
      id: `event-${event}`,
      createdAt: released.getTime() / 1000,
      message: `(service ${service}) has reached a steady state.`,
    })),
  };
}

/** A task definition, as DescribeTaskDefinition answers. */
export function taskDefinition(service: string) {
  const log = { "awslogs-group": `/ecs/${service}`, "awslogs-region": region, "awslogs-stream-prefix": "s" };
  return {
    taskDefinition: {
      taskDefinitionArn: revisionArn(service),
      family: service,
      revision: 7,
      status: "ACTIVE",
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      compatibilities: ["EC2", "FARGATE"],
      cpu: "256",
      memory: "512",
      containerDefinitions: [
        {
          name: service,
          image: reference(service),
          essential: true,
          environment: Array.from({ length: 10 }, (_, key) => ({
            name: `KEY_${key}`,
            value: `value ${key}`,
          })),
          logConfiguration: { logDriver: "awslogs", options: log },
        },
      ],
    },
    tags: [],
  };
}
