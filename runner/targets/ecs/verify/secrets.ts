import chunk from "es-toolkit/compat/chunk";
import pMap from "p-map";
import type { Clients } from "../../../aws/clients.ts";
import { isAwsError } from "../../../aws/errors.ts";
import { check, elsewhere } from "../../checks.ts";
import type { TargetCheck, TargetContext } from "../../target.ts";
import type { ContainerDefinition, ExistingService, TaskDefinition } from "../state.ts";

/** Where a value comes from: a secret of Secrets Manager, or a parameter of Systems Manager. */
export interface SecretSource {
  readonly kind: "secret" | "parameter";
  /** Name or ARN, in the form that the service takes. */
  readonly id: string;
  readonly region: string | undefined;
}

/** GetParameters takes ten names. */
const namesPerCall = 10;

/** Checks that the tasks' secrets and parameters, and credentials of other registries, exist. */
export async function checkSecrets(
  { taskDefinition }: ExistingService,
  { clients, signal }: TargetContext,
): Promise<TargetCheck[]> {
  const all = secretsOf(taskDefinition);
  const here = all.filter(({ region }) => region === undefined || region === clients.region);
  const parameters = here.filter(({ kind }) => kind === "parameter").map(({ id }) => id);
  const checks = await Promise.all([
    ...chunk(parameters, namesPerCall).map((names) => checkParameters(clients, names, signal)),
    pMap(
      here.filter(({ kind }) => kind === "secret"),
      ({ id }) => checkSecret(clients, id, signal),
      { concurrency: 8, signal },
    ),
  ]);
  const others = all.filter((one) => !here.includes(one));
  return [
    ...checks.flat(),
    ...others.map(({ kind, id, region }) => elsewhere(`${kind} ${id}`, region ?? "")),
  ];
}

async function checkSecret(clients: Clients, id: string, signal: AbortSignal): Promise<TargetCheck> {
  const { DescribeSecretCommand } = await import("@aws-sdk/client-secrets-manager");
  return check(`secret ${id.split(":secret:").at(-1)}`, "exists", signal, async () => {
    try {
      const { DeletedDate } = await clients.secretsManager.send(new DescribeSecretCommand({ SecretId: id }), {
        abortSignal: signal,
      });
      if (DeletedDate === undefined) return undefined;
      return { message: "is being deleted: its value can't be read", fix: "restore it, or name another" };
    } catch (error) {
      if (!isAwsError(error, "ResourceNotFoundException")) throw error;
      return {
        message: "there is no such secret",
        fix: "create it, or correct valueFrom in the task definition",
      };
    }
  });
}

async function checkParameters(
  clients: Clients,
  names: readonly string[],
  signal: AbortSignal,
): Promise<TargetCheck[]> {
  const { GetParametersCommand } = await import("@aws-sdk/client-ssm");
  let invalid: readonly string[] = [];
  const all = await check("parameters", "", signal, async () => {
    // Without decryption: the check needs their existence, not their values.
    const answer = await clients.ssm.send(new GetParametersCommand({ Names: [...names] }), {
      abortSignal: signal,
    });
    invalid = answer.InvalidParameters ?? [];
    return undefined;
  });
  return names.map((id): TargetCheck => {
    const name = `parameter ${id.split(":parameter").at(-1)}`;
    if (all.state !== "ok") return { ...all, name };
    if (!invalid.includes(id)) return { name, state: "ok", message: "exists" };
    return {
      name,
      state: "fail",
      message: "there is no such parameter",
      fix: "create it, or correct valueFrom in the task definition",
    };
  });
}

/** All values that containers of a task definition take from elsewhere, without duplicates. */
export function secretsOf({ containerDefinitions }: TaskDefinition): SecretSource[] {
  const values = containerDefinitions.flatMap((container) => [
    ...valuesFrom(container.secrets),
    ...valuesFrom((container.logConfiguration as { secretOptions?: unknown } | null)?.secretOptions),
    ...credentialsOf(container),
  ]);
  return [...new Set(values)].map(sourceOf);
}

function valuesFrom(list: unknown): string[] {
  return ((list ?? []) as readonly { valueFrom?: string }[]).flatMap(({ valueFrom }) => valueFrom ?? []);
}

function credentialsOf({ repositoryCredentials }: ContainerDefinition): string[] {
  const { credentialsParameter } = (repositoryCredentials ?? {}) as { credentialsParameter?: string };
  return credentialsParameter === undefined ? [] : [credentialsParameter];
}

/**
 * What a valueFrom names: an ARN of either service, a secret's with key and version after it, or a
 * parameter's name.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
 */
export function sourceOf(valueFrom: string): SecretSource {
  const [arn, , service, region] = valueFrom.split(":");
  if (arn !== "arn") return { kind: "parameter", id: valueFrom, region: undefined };
  if (service === "ssm") return { kind: "parameter", id: valueFrom, region };
  return { kind: "secret", id: valueFrom.split(":").slice(0, 7).join(":"), region };
}
