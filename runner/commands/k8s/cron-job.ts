import { createHash } from "node:crypto";
import { type PullSecret, toYaml } from "./manifests.ts";
import { refreshScript } from "./refresh-script.ts";

export interface CronJobSecret extends PullSecret {
  /** The AWS CLI's image, by digest. */
  readonly image: string;
}

const account = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * A CronJob that renews a pull secret, with a first run at once. Each setting answers a way in which such jobs
 * were seen to fail: see docs/how-to/kubernetes.md.
 */
export function cronJobManifests(wanted: CronJobSecret): string {
  const { namespaces, secret, roleArn } = wanted;
  const [home = "default"] = namespaces;
  const labels = { "app.kubernetes.io/name": secret, "app.kubernetes.io/managed-by": "slipway" };
  const metadata = (namespace: string, name = secret) => ({ name, namespace, labels });
  const jobSpec = {
    backoffLimit: 4,
    // A hung run would keep every later one from starting.
    activeDeadlineSeconds: 300,
    template: { metadata: { labels }, spec: podSpec(wanted) },
  };
  const role = roleArn === undefined ? {} : { annotations: { "eks.amazonaws.com/role-arn": roleArn } };
  // A Job's template can't be changed: another template is another Job.
  const hash = createHash("sha256").update(JSON.stringify(jobSpec)).digest("hex").slice(0, 8);
  return toYaml(
    [
      "Written by slipway k8s credentials --method cronjob.",
      `Renews the pull secret ${secret} for ${wanted.registry} in: ${namespaces.join(", ")}.`,
    ],
    [
      {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { ...metadata(home), ...role },
      },
      ...namespaces.flatMap((namespace) => [
        {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "Role",
          metadata: metadata(namespace),
          rules: [
            { apiGroups: [""], resources: ["secrets"], resourceNames: [secret], verbs: ["get", "patch"] },
            // RBAC knows no names for create: the name is part of the body.
            { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
          ],
        },
        {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: metadata(namespace),
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: secret },
          subjects: [{ kind: "ServiceAccount", name: secret, namespace: home }],
        },
      ]),
      {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: metadata(home),
        spec: {
          // Every 4 hours of the token's 12, and not at the full hour, when all others run.
          schedule: `${minuteOf(wanted)} */4 * * *`,
          concurrencyPolicy: "Forbid",
          // Without it, 100 missed starts end a CronJob for good.
          startingDeadlineSeconds: 3600,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: { spec: jobSpec },
        },
      },
      {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: metadata(home, `${secret}-first-${hash}`),
        spec: jobSpec,
      },
    ],
  );
}

function podSpec({ image, namespaces, secret, registry, region, awsSecret }: CronJobSecret): object {
  const variables = {
    AWS_REGION: region,
    NAMESPACES: namespaces.join(" "),
    REGISTRY: registry,
    SECRET: secret,
    ACCOUNT: account,
    // The root file system is read-only.
    HOME: "/tmp",
  };
  return {
    serviceAccountName: secret,
    restartPolicy: "Never",
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65534,
      runAsGroup: 65534,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "renew",
        image,
        command: ["sh", "-eu", "-c", refreshScript],
        env: Object.entries(variables).map(([name, value]) => ({ name, value })),
        ...(awsSecret === undefined ? {} : { envFrom: [{ secretRef: { name: awsSecret } }] }),
        resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "256Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ name: "memory", mountPath: "/tmp" }],
      },
    ],
    // The token never reaches a disk.
    volumes: [{ name: "memory", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } }],
  };
}

/** The minute of the runs: the same for the same secret, and spread over the hour among secrets. */
function minuteOf({ registry, namespaces, secret }: PullSecret): number {
  const digest = createHash("sha256")
    .update([registry, secret, ...namespaces].join("\n"))
    .digest();
  return 5 + (digest.readUInt16BE(0) % 50);
}
