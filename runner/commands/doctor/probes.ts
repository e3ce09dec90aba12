import { BatchGetImageCommand } from "@aws-sdk/client-ecr";
import pMap from "p-map";
import type { StackDescription } from "../../../config/description/description.ts";
import type { PromotionSource } from "../../../config/description/promotion.ts";
import { repositoryName } from "../../../config/names.ts";
import { permissions } from "../../../config/permissions/permissions.ts";
import { type GithubRole, githubRoles } from "../../../config/stack/github.ts";
import type { Clients } from "../../aws/clients.ts";
import { hasCode } from "../../aws/errors.ts";
import type { ReadContext } from "../../targets/image-use.ts";
import { kindOf } from "../../targets/kinds.ts";
import type { Probe } from "../../targets/target.ts";

type Tryable = StackDescription & { readonly promotesFrom: readonly PromotionSource[] };

/** The result of trial calls: the refused actions, and the number of calls. */
export interface Tried {
  readonly refused: readonly { readonly action: string; readonly on: string }[];
  readonly calls: number;
}

/**
 * Tries the read calls of a role on every repository and target of a stack. A missing resource is not a
 * refusal. Permissions for changes stay unknown.
 */
export async function tryReading(
  description: Tryable,
  role: GithubRole,
  clients: Clients,
  signal: AbortSignal,
): Promise<Tried> {
  const probes = probesOf(description).filter(({ action }) => mayDo(role, action));
  const refused = await pMap(
    probes,
    async ({ action, on, call }) => {
      try {
        await call({ clients, signal });
        return [];
      } catch (error) {
        signal.throwIfAborted();
        return hasCode(error, "access-denied") ? [{ action, on }] : [];
      }
    },
    { concurrency: 8, signal },
  );
  return { refused: refused.flat(), calls: probes.length };
}

function mayDo(role: GithubRole, action: string): boolean {
  const roles = permissions.find((permission) => permission.action === action)?.roles ?? githubRoles;
  return roles.includes(role);
}

function probesOf(description: Tryable): Probe[] {
  const { catalogue, settings, promotesFrom } = description;
  const readImage = (repositoryName: string, registryId?: string): Probe => {
    const imageIds = [{ imageTag: "slipway-doctor" }];
    const command = new BatchGetImageCommand({ repositoryName, registryId, imageIds });
    const call = ({ clients, signal }: ReadContext) => clients.ecr.send(command, { abortSignal: signal });
    return { action: "ecr:BatchGetImage", on: repositoryName, call };
  };
  // A registry in another region needs clients of that region, so skip it.
  const promoted = promotesFrom
    .filter(({ region }) => region === settings.aws.region)
    .flatMap(({ account, repositories }) => repositories.map((name) => readImage(name, account)));
  const own = catalogue.services.flatMap((service) => [
    readImage(repositoryName(settings, service)),
    ...service.targets.flatMap((target) => kindOf(target).probe(target) ?? []),
  ]);
  return [...own, ...promoted];
}
