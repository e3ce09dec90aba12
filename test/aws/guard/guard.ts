import { modelOf } from "../model.ts";
import { operationOf } from "../protocol/operation.ts";
import { type HttpAnswer, type HttpRequest, requestOf } from "../protocol/read.ts";
import { deniedAnswer, refusalOf } from "./answer.ts";
import { asksOf } from "./asks.ts";
import { type Ask, evaluate, type Place } from "./policy.ts";
import { registryAsks } from "./registry.ts";
import type { StackRole } from "./role.ts";

/** A request that a command made as a role, and what IAM says to it. */
export interface GuardedCall {
  readonly verb: string;
  readonly role: StackRole["role"];
  /** `ecs:UpdateService`, `registry:PUT`. */
  readonly call: string;
  readonly asks: readonly Ask[];
  /** The first of them that the role has no right to. */
  readonly refused?: Ask;
}

/** A command that runs as a role. */
export interface GuardedRun {
  readonly verb: string;
  /** Read with the first request: most of a command's files are checked before it. */
  readonly role: () => Promise<StackRole>;
}

/** Answers requests that a role has no right to, as AWS does. */
export interface Guard {
  /** Begins a command; the id is what it names itself with in its requests. */
  begin(run: GuardedRun): { readonly appId: string; end(): void };
  /** The refusal of a request; undefined when it may pass. */
  check(request: HttpRequest): Promise<HttpAnswer | undefined>;
  readonly calls: readonly GuardedCall[];
  /** Requests that it could not judge, because a role could not be read or a call is not known. */
  readonly problems: readonly string[];
}

/** What a command sets for the SDK, which has it in `User-Agent` as `app/<id>`. */
export const appIdVariable = "AWS_SDK_UA_APP_ID";

/** What the stand-in for the AWS provider names itself with: what it calls says nothing about the real one. */
const standIn = "slipway-stand-in";

interface Running extends GuardedRun {
  readonly appId: string;
  read?: Promise<StackRole>;
}

/** A guard for the commands of one test. Requests of others (the test itself, what it runs) pass. */
export function createGuard(): Guard {
  const all = new Map<string, Running>();
  const running = new Set<Running>();
  const calls: GuardedCall[] = [];
  const problems: string[] = [];
  const runOf = (request: HttpRequest): Running | undefined => {
    const { headers, url } = request;
    const id = /(?:^|\s)app\/(\S+)/.exec(headers["user-agent"] ?? "")?.[1];
    if (id !== undefined) return id === standIn ? undefined : all.get(id);
    // BuildKit pushes and pulls for whoever runs; those that run beside one another have the same rights.
    return isPushOrPull(url, headers) ? [...running].at(-1) : undefined;
  };
  const judge = async (run: Running, request: HttpRequest): Promise<HttpAnswer | undefined> => {
    run.read ??= run.role();
    const { role, place, policies, principal } = await run.read;
    const { call, asks } = callOf(request, place);
    const denied = asks
      .map((ask) => ({ ask, verdict: evaluate(ask, policies) }))
      .find(({ verdict }) => verdict !== "allowed");
    calls.push({ verb: run.verb, role, call, asks, ...(denied && { refused: denied.ask }) });
    return denied && deniedAnswer(request, refusalOf(denied.ask, principal, denied.verdict));
  };
  return {
    calls,
    problems,
    begin: ({ verb, role }) => {
      const one: Running = { verb, role, appId: `slipway-run-${all.size + 1}` };
      all.set(one.appId, one);
      running.add(one);
      return { appId: one.appId, end: () => running.delete(one) };
    },
    check: async (request) => {
      const run = runOf(request);
      if (run === undefined) return undefined;
      try {
        return await judge(run, request);
      } catch (error) {
        problems.push(`${run.verb}: ${error instanceof Error ? error.message : String(error)}`);
        throw error;
      }
    },
  };
}

/** Of Slipway and of BuildKit, and not of what runs images and pulls them with rights of its own. */
function isPushOrPull(url: string, headers: HttpRequest["headers"]): boolean {
  return url.startsWith("/v2/") && /^(buildkit|node|undici)/i.test(headers["user-agent"] ?? "");
}

function callOf(
  request: HttpRequest,
  place: Place,
): { readonly call: string; readonly asks: readonly Ask[] } {
  if (request.url.startsWith("/v2/"))
    return { call: `registry:${request.method}`, asks: registryAsks(request, place) };
  const called = operationOf(request);
  const model = called && modelOf(called.service);
  const operation = called && model?.operations[called.name];
  if (called === undefined || model === undefined || operation === undefined)
    throw new Error(`no call of AWS's: ${request.method} ${request.url}`);
  const input = requestOf(model, operation, request).value;
  return {
    call: `${called.service}:${called.name}`,
    asks: asksOf(called.service, called.name, input, place),
  };
}
