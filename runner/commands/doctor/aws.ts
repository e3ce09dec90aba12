import { DescribeRepositoriesCommand } from "@aws-sdk/client-ecr";
import { fetch } from "undici";
import type { StackDescription } from "../../../config/description/description.ts";
import { registryHost, repositoryName } from "../../../config/names.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { assertAccount } from "../../aws/account.ts";
import { type Clients, createClients } from "../../aws/clients.ts";
import type { Check } from "./document.ts";
import { refused } from "./refused.ts";

/** Checks that there are credentials, and that the stack allows their account. */
export function checkAccount({ settings }: StackDescription, signal: AbortSignal): Promise<Check> {
  return withClients("account", settings, signal, async (clients) => {
    const { account, arn } = await assertAccount(clients, settings, signal);
    const guarded = settings.aws.allowedAccountIds !== undefined;
    return {
      name: "account",
      state: guarded ? "ok" : "warn",
      message: `${account} in ${settings.aws.region} as ${arn}${guarded ? "" : "; the stack allows any account"}`,
      ...(!guarded && { fix: `set aws:allowedAccountIds in Pulumi.${settings.stack}.yaml` }),
    };
  });
}

/** Checks that ECR responds, which repositories exist, and that the registry's address responds. */
export function checkRegistry(
  { settings, catalogue }: StackDescription,
  signal: AbortSignal,
): Promise<Check> {
  return withClients("registry", settings, signal, async (clients) => {
    const { account } = await assertAccount(clients, settings, signal);
    const host = registryHost(settings, account);
    const wanted = catalogue.services.map((service) => repositoryName(settings, service));
    const answers = await Promise.all(
      wanted.map((name) =>
        clients.ecr
          .send(new DescribeRepositoriesCommand({ repositoryNames: [name] }), { abortSignal: signal })
          .then(() => true)
          .catch((error: unknown) => {
            if (error instanceof Error && error.name === "RepositoryNotFoundException") return false;
            throw error;
          }),
      ),
    );
    const there = answers.filter((found) => found).length;
    const status = await ping(host, signal);
    if (status === undefined) {
      return {
        name: "registry",
        state: "fail",
        message: `${host} does not respond`,
        fix: "check the network and the proxy, or the stack's slipway:registry",
      };
    }
    return {
      name: "registry",
      state: "ok",
      message: `${host} responds; ${there} of ${wanted.length} repositories exist`,
    };
  });
}

/** The status of the registry's response. 401 is fine: the registry asks for credentials. */
async function ping(host: string, signal: AbortSignal): Promise<number | undefined> {
  const local = /^(localhost|127\.|\[::1\])/.test(host);
  for (const scheme of local ? ["http", "https"] : ["https"]) {
    const answer = await fetch(`${scheme}://${host}/v2/`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
    }).catch(() => undefined);
    if (answer !== undefined) return answer.status;
  }
  signal.throwIfAborted();
  return undefined;
}

/** Runs checks with clients of the stack. A UserError becomes a failed check. */
export async function withClients<T extends Check | Check[]>(
  name: string,
  settings: StackDescription["settings"],
  signal: AbortSignal,
  work: (clients: Clients) => Promise<T>,
): Promise<T | Check> {
  const clients = createClients(settings, { signal });
  try {
    return await work(clients);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UserError) return refused(name, error);
    throw error;
  } finally {
    clients.destroy();
  }
}
