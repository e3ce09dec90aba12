import { z } from "zod";
import { hasCode } from "../../aws/errors.ts";
import { ifReadable } from "../../kubernetes/attempt.ts";
import type { Kubectl } from "../../kubernetes/kubectl.ts";
import { listOf } from "../../kubernetes/objects.ts";
import type { PullSecret } from "./manifests.ts";
import type { FoundCronJob, FoundExternalSecret, FoundJob, FoundSecret, PullSecrets } from "./state.ts";

const text = z.string().optional();
const metadata = z.object({
  name: z.string(),
  annotations: z.record(z.string(), z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});
const secretSchema = z.object({ metadata, type: text, data: z.record(z.string(), z.string()).optional() });
const conditions = z
  .array(
    z.object({ type: z.string(), status: z.string(), reason: text, message: text, lastTransitionTime: text }),
  )
  .optional();
const cronJobSchema = z.object({
  metadata,
  spec: z.object({ suspend: z.boolean().optional(), schedule: z.string() }),
  status: z.object({ lastScheduleTime: text, lastSuccessfulTime: text }).default({}),
});
const jobSchema = z.object({
  metadata: metadata.extend({ creationTimestamp: text }),
  status: z
    .object({ conditions, succeeded: z.number().optional(), active: z.number().optional() })
    .default({}),
});
const externalSecretSchema = z.object({
  metadata,
  status: z.object({ conditions, refreshTime: text }).default({}),
});

/** Reads the pull secrets, and what renews them. */
export async function readPullSecrets(
  kubectl: Kubectl,
  { namespaces, secret }: PullSecret,
): Promise<PullSecrets> {
  const [home = "default"] = namespaces;
  const [found, cronJob, jobs] = await Promise.all([
    Promise.all(
      namespaces.map(async (namespace) => ({
        namespace,
        secret: await readSecret(kubectl, namespace, secret),
        externalSecret: await readExternalSecret(kubectl, namespace, secret),
      })),
    ),
    readCronJob(kubectl, home, secret),
    readJobs(kubectl, home, secret),
  ]);
  return { home, namespaces: found, cronJob, jobs };
}

async function readSecret(
  kubectl: Kubectl,
  namespace: string,
  name: string,
): Promise<FoundSecret | undefined> {
  try {
    const read = secretSchema.parse(await kubectl.json(["get", "secret", name, "--namespace", namespace]));
    const encoded = read.data?.[".dockerconfigjson"];
    return {
      type: read.type ?? "Opaque",
      config: encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8"),
      renewedAt: read.metadata.annotations?.["slipway/renewed-at"],
    };
  } catch (error) {
    if (hasCode(error, "not-in-cluster")) return undefined;
    throw error;
  }
}

async function readExternalSecret(
  kubectl: Kubectl,
  namespace: string,
  name: string,
): Promise<FoundExternalSecret | undefined> {
  const args = ["get", "externalsecrets.external-secrets.io", name, "--namespace", namespace];
  const read = externalSecretSchema.safeParse(await ifReadable(kubectl.json(args))).data;
  if (read === undefined) return undefined;
  const ready = read.status.conditions?.find(({ type }) => type === "Ready");
  return {
    isReady: ready?.status === "True",
    message: [ready?.reason, ready?.message].filter(Boolean).join(": "),
    refreshedAt: read.status.refreshTime,
  };
}

async function readCronJob(
  kubectl: Kubectl,
  namespace: string,
  name: string,
): Promise<FoundCronJob | undefined> {
  const args = ["get", "cronjobs.batch", name, "--namespace", namespace];
  const read = cronJobSchema.safeParse(await ifReadable(kubectl.json(args))).data;
  if (read === undefined) return undefined;
  return { schedule: read.spec.schedule, isSuspended: read.spec.suspend === true, ...read.status };
}

async function readJobs(kubectl: Kubectl, namespace: string, name: string): Promise<readonly FoundJob[]> {
  const labels = `app.kubernetes.io/name=${name},app.kubernetes.io/managed-by=slipway`;
  const read = await ifReadable(
    kubectl.json(["get", "jobs.batch", "--namespace", namespace, "--selector", labels]),
  );
  const { items } = listOf(jobSchema).safeParse(read).data ?? { items: [] };
  return items.map(({ metadata: { name: job, creationTimestamp }, status }) => {
    const failed = status.conditions?.find(({ type, status: met }) => type === "Failed" && met === "True");
    return {
      name: job,
      createdAt: creationTimestamp,
      state: failed !== undefined ? "failed" : (status.succeeded ?? 0) > 0 ? "succeeded" : "running",
      message: [failed?.reason, failed?.message].filter(Boolean).join(": "),
    };
  });
}
