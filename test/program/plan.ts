import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { vi } from "vitest";
import { parse } from "yaml";

export const account = "111122223333";

/** A resource that the program declared, and the options it gave. */
export interface Planned {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly options: pulumi.CustomResourceOptions;
  /** Set: it is read under this id, and not managed. */
  readonly readAs?: string;
}

/** What the program finds when it looks; by default an empty registry and a new stack. */
export interface Surroundings {
  /** `repository:tag` → manifest, or an HTTP status. */
  readonly registry?: Readonly<Record<string, string | number>>;
  /** What the stack's state says: URN → type and outputs. */
  readonly state?: Readonly<Record<string, { readonly type: string; readonly outputs: object }>>;
  /** The outputs of the stack's previous run. */
  readonly outputs?: object;
}

export interface Plan {
  readonly resources: readonly Planned[];
  readonly outputs: Record<string, unknown>;
  /** Of a type, all. */
  all(type: string): Planned[];
  /** Of a type, the one of this name. */
  one(type: string, name: string): Planned;
}

export type Configuration = Readonly<Record<string, unknown>>;

/** The `config` of a stack's file, as it is in the repository. */
export function configurationOf(stack: string): Configuration {
  return (parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")) as { config: Configuration }).config;
}

/** Runs infra/index.ts with Pulumi's mocks: no engine, no account. */
export async function planProgram(
  stack: string,
  configuration: Configuration,
  surroundings: Surroundings = {},
): Promise<Plan> {
  const options = new Map<string, pulumi.CustomResourceOptions>();
  const resources = await mockEngine(stack, configuration, options, surroundings);
  const program = await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      options.set(`${type} ${name}`, opts);
      return undefined;
    });
    return { ...(await import("../../infra/index.ts")) };
  });
  const outputs = (await resolved(pulumi.output(program))) as Record<string, unknown>;
  await pulumi.runtime.disconnect();
  const all = (type: string) => resources.filter((resource) => resource.type === type);
  return {
    resources,
    outputs,
    all,
    one: (type, name) => {
      const found = all(type).find((resource) => resource.name === name);
      if (found === undefined) {
        throw new Error(`${type} ${name} was not declared; there are ${all(type).map((each) => each.name)}`);
      }
      return found;
    },
  };
}

/** Runs a program that fails: what it failed with, and what it declared before. */
export async function failingProgram(
  stack: string,
  configuration: Configuration,
  surroundings: Surroundings = {},
): Promise<{ readonly error: Error; readonly resources: readonly Planned[] }> {
  const resources = await mockEngine(stack, configuration, new Map(), surroundings);
  try {
    await import("../../infra/index.ts");
  } catch (error) {
    return { error: error as Error, resources };
  }
  throw new Error("the program did not fail");
}

async function mockEngine(
  stack: string,
  configuration: Configuration,
  options: ReadonlyMap<string, pulumi.CustomResourceOptions>,
  { registry = {}, state = {}, outputs }: Surroundings,
): Promise<readonly Planned[]> {
  const resources: Planned[] = [];
  vi.stubGlobal("fetch", (url: URL) => Promise.resolve(answerOfRegistry(url, registry)));
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id = "" }) => {
        const read = id === "" ? {} : { readAs: id };
        resources.push({ type, name, inputs, options: options.get(`${type} ${name}`) ?? {}, ...read });
        return { id: `${name}-id`, state: { ...inputs, ...stateOf(type, name, inputs) } };
      },
      call: ({ token }) => answerTo(token, state, outputs),
    },
    "slipway",
    stack,
    false,
    "organization",
  );
  pulumi.runtime.setAllConfig(engineConfiguration(configuration));
  // The program is its module: it runs when it is loaded anew.
  vi.resetModules();
  return resources;
}

/** What the engine makes of a stack's file: everything that is not text is JSON. */
function engineConfiguration(configuration: Configuration): Record<string, string> {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

function resolved(output: pulumi.Output<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    output.apply((value) => resolve(value));
  });
}

const digestOf = (name: string) => `sha256:${Buffer.from(name.padEnd(32, "-")).toString("hex").slice(0, 64)}`;

function stateOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const arn = `arn:aws:mock:eu-central-1:${account}:${type.split(":").at(-1)}/${name}`;
  switch (type) {
    case "awsx:ecr:Repository":
      return { repository: { name: inputs.name, arn: `${arn}` } };
    case "docker-build:index:Image":
      return { digest: digestOf(name) };
    case "docker-build:index:Index":
      return { ref: `${String(inputs.tag)}@${digestOf(name)}` };
    default:
      return { arn, keyId: `${name}-key` };
  }
}

/** The registry's answer about a tag, by the distribution API. */
function answerOfRegistry(url: URL, registry: Readonly<Record<string, string | number>>): Response {
  const [, repository, tag] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(url.pathname) ?? [];
  const answer = registry[`${repository}:${tag}`] ?? 404;
  return typeof answer === "number" ? new Response("{}", { status: answer }) : new Response(answer);
}

function answerTo(token: string, state: object, outputs: object | undefined): Record<string, unknown> {
  // A run for images alone asks nothing else: no provider starts for it.
  if (outputs !== undefined && token === "pulumi:pulumi:readStackOutputs") return { outputs };
  if (outputs !== undefined) throw new Error(`the program calls ${token}, which is not expected`);
  switch (token) {
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return { accountId: account };
    case "aws:index/getPartition:getPartition":
      return { partition: "aws" };
    case "aws:ecr/getAuthorizationToken:getAuthorizationToken":
      return { userName: "AWS", password: "a-registry-token" };
    case "pulumi:pulumi:readStackResourceOutputs":
      return { outputs: state };
    default:
      throw new Error(`the program calls ${token}, which is not expected`);
  }
}
