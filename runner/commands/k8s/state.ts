import { z } from "zod";
import { formatDuration } from "../../report/duration.ts";
import type { CredentialsCheck } from "./document.ts";
import type { PullSecret } from "./manifests.ts";

export interface FoundSecret {
  readonly type: string;
  /** `.dockerconfigjson`, as JSON text. */
  readonly config: string | undefined;
  readonly renewedAt: string | undefined;
}

export interface FoundExternalSecret {
  readonly isReady: boolean;
  readonly message: string;
  readonly refreshedAt: string | undefined;
}

export interface FoundCronJob {
  readonly schedule: string;
  readonly isSuspended: boolean;
  readonly lastScheduleTime?: string | undefined;
  readonly lastSuccessfulTime?: string | undefined;
}

export interface FoundJob {
  readonly name: string;
  readonly createdAt: string | undefined;
  readonly state: "succeeded" | "failed" | "running";
  readonly message: string;
}

/** The pull secrets of a cluster, and what renews them, as one look found them. */
export interface PullSecrets {
  /** Where the CronJob is. */
  readonly home: string;
  readonly namespaces: readonly {
    readonly namespace: string;
    readonly secret: FoundSecret | undefined;
    readonly externalSecret: FoundExternalSecret | undefined;
  }[];
  readonly cronJob: FoundCronJob | undefined;
  readonly jobs: readonly FoundJob[];
}

const hour = 3_600_000;
/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
const tokenLife = 12 * hour;
/** A renewal every 4 hours leaves at least 8; with less, one was missed. */
const shortLife = 7 * hour;

/** Judges the pull secrets of a cluster at a moment. */
export function judgePullSecrets(
  found: PullSecrets,
  wanted: PullSecret,
  now: Date,
): readonly CredentialsCheck[] {
  return [
    ...found.namespaces.flatMap(({ namespace, secret, externalSecret }) => [
      { namespace, name: `secret ${wanted.secret}`, ...judgeSecret(secret, wanted, now) },
      ...(externalSecret === undefined
        ? []
        : [{ namespace, name: `ExternalSecret ${wanted.secret}`, ...judgeExternalSecret(externalSecret) }]),
    ]),
    ...judgeRenewal(found, wanted, now),
  ];
}

type Finding = Pick<CredentialsCheck, "state" | "message" | "fix">;

function judgeSecret(secret: FoundSecret | undefined, { registry }: PullSecret, now: Date): Finding {
  if (secret === undefined) {
    return {
      state: "fail",
      message: "it does not exist",
      fix: "apply the manifests of slipway k8s credentials --method",
    };
  }
  if (secret.type !== "kubernetes.io/dockerconfigjson" || secret.config === undefined) {
    return {
      state: "fail",
      message: `it is of type ${secret.type}, with which no pod can pull`,
      fix: "delete it, and let it be written again: a secret's type can't be changed",
    };
  }
  const config = configSchema.safeParse(parseJson(secret.config)).data;
  const entry = config?.auths[registry] ?? config?.auths[`https://${registry}`];
  if (entry === undefined) {
    const others = Object.keys(config?.auths ?? {}).join(", ");
    return {
      state: "fail",
      message: `it has no entry for ${registry}${others === "" ? "" : `, only for ${others}`}`,
      fix: "correct the registry in what writes it",
    };
  }
  const expires = expiryOf(entry) ?? lifeFrom(secret.renewedAt);
  if (expires === undefined) {
    return { state: "warn", message: "it has an entry for the registry, and does not say when it expires" };
  }
  const left = expires - now.getTime();
  const at = new Date(expires).toISOString();
  if (left <= 0) {
    return {
      state: "fail",
      message: `it expired ${formatDuration(-left)} ago (${at})`,
      fix: "run what renews it, and see below why it did not",
    };
  }
  const message = `it expires in ${formatDuration(left)} (${at})`;
  return left < shortLife
    ? { state: "warn", message: `${message}: a renewal was missed` }
    : { state: "ok", message };
}

function judgeExternalSecret({ isReady, message, refreshedAt }: FoundExternalSecret): Finding {
  if (isReady) return { state: "ok", message: `it is Ready, refreshed at ${refreshedAt ?? "?"}` };
  return {
    state: "fail",
    message: `it is not Ready: ${message === "" ? "without a message" : message}`,
    fix: "see kubectl describe externalsecret, and the operator's AWS permissions",
  };
}

function judgeRenewal(
  { home, cronJob, jobs }: PullSecrets,
  { secret }: PullSecret,
  now: Date,
): readonly CredentialsCheck[] {
  const last = jobs.toSorted((one, other) => timeOf(one.createdAt) - timeOf(other.createdAt)).at(-1);
  const job: CredentialsCheck[] =
    last === undefined
      ? []
      : [
          {
            namespace: home,
            name: `Job ${last.name}`,
            ...(last.state === "failed"
              ? {
                  state: "fail" as const,
                  message: `the last run failed: ${last.message}`,
                  fix: `see its log: kubectl logs --namespace ${home} job/${last.name}`,
                }
              : {
                  state: "ok" as const,
                  message: `the last run ${last.state === "running" ? "is running" : "worked"}`,
                }),
          },
        ];
  if (cronJob === undefined) return job;
  return [
    { namespace: home, name: `CronJob ${secret}`, ...judgeCronJob(cronJob, home, secret, now) },
    ...job,
  ];
}

function judgeCronJob(cronJob: FoundCronJob, home: string, name: string, now: Date): Finding {
  if (cronJob.isSuspended) {
    const patch = `kubectl patch cronjob ${name} --namespace ${home} --patch '{"spec":{"suspend":false}}'`;
    return { state: "fail", message: "it is suspended, so nothing renews the secret", fix: patch };
  }
  const worked = timeOf(cronJob.lastSuccessfulTime);
  if (worked === 0) {
    return cronJob.lastScheduleTime === undefined
      ? { state: "warn", message: `it has not run yet (${cronJob.schedule})` }
      : {
          state: "fail",
          message: "no run has worked yet",
          fix: `kubectl logs --namespace ${home} --selector app.kubernetes.io/name=${name}`,
        };
  }
  const ago = now.getTime() - worked;
  const message = `its last run that worked was ${formatDuration(ago)} ago`;
  return ago > tokenLife
    ? { state: "fail", message, fix: `see its Jobs: kubectl get jobs --namespace ${home}` }
    : { state: "ok", message };
}

const entrySchema = z.object({ auth: z.string().optional(), password: z.string().optional() });
const configSchema = z.object({ auths: z.record(z.string(), entrySchema) });
const tokenSchema = z.object({ expiration: z.number() });

/** ECR's password is base64 of a document that says when it expires, in seconds since the epoch. */
function expiryOf({ auth, password }: z.output<typeof entrySchema>): number | undefined {
  const decoded = auth === undefined ? "" : Buffer.from(auth, "base64").toString("utf8");
  const token = password ?? decoded.slice(decoded.indexOf(":") + 1);
  const read = tokenSchema.safeParse(parseJson(Buffer.from(token, "base64").toString("utf8"))).data;
  return read === undefined ? undefined : read.expiration * 1000;
}

function lifeFrom(renewedAt: string | undefined): number | undefined {
  const time = timeOf(renewedAt);
  return time === 0 ? undefined : time + tokenLife;
}

function timeOf(text: string | undefined): number {
  return text === undefined ? 0 : Date.parse(text) || 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
