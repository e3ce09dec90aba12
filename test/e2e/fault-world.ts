import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DescribeServicesCommand, ListTaskDefinitionsCommand } from "@aws-sdk/client-ecs";
import { GetAliasCommand } from "@aws-sdk/client-lambda";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { DeployDocument } from "../../runner/move/document.ts";
import { askFunction, askService } from "../../sandbox/demo/answers.ts";
import type { Injected } from "../faults/proxy.ts";
import {
  type CliResult,
  cli,
  clone,
  createWorld,
  stack,
  startCli,
  untilAnswered,
  type World,
} from "./world.ts";

const cluster = `shop-${stack}`;
const functionName = `shop-checkout-${stack}`;

/** The shop on a sandbox of its own. */
export interface FaultWorld extends World {
  readonly directory: string;
  /** Commits a version of a service, and returns it: one that was never there before when none is given. */
  commitVersion(service: string, version?: string): Promise<string>;
  /** `slipway deploy … --output json`, to its end. */
  deploy(...words: readonly string[]): Promise<CliResult>;
  /** The same, begun; with what it has said so far. */
  begin(...words: readonly string[]): Running;
  /** What a service, or the function, answers; asked until it does. */
  answer(service: string): Promise<string>;
  /** Revisions of a service's task definition that there are, and the one that it is set to. */
  revisions(service: string): Promise<{ readonly count: number; readonly current: string | undefined }>;
  /** Version that the function's alias is on. */
  aliasVersion(): Promise<number>;
}

export interface Running {
  readonly child: ReturnType<typeof startCli>;
  /** Resolves when it has said this on stderr. */
  says(text: string): Promise<void>;
  /** Its end, as of `cli`. */
  readonly ended: Promise<{ exitCode: number | undefined; stderr: string; stdout: string }>;
}

/**
 * The world of a file of tests, under `.slipway/<name>`: made before them, with no rule in force after
 * each, and taken down at the end.
 */
export function useFaultWorld(name: string): () => FaultWorld {
  const directory = join(clone, ".slipway", name);
  let world: FaultWorld | undefined;
  const get = () => {
    if (world === undefined) throw new Error("there is no world before the tests");
    return world;
  };
  beforeAll(async () => {
    world = await createFaultWorld(directory);
  });
  afterEach(() => get().proxy.clear());
  afterAll(async () => {
    await cli("sandbox", "down", "-C", directory);
    await rm(directory, { recursive: true, force: true });
    await world?.end();
  });
  return get;
}

async function createFaultWorld(directory: string): Promise<FaultWorld> {
  const services = await readFile(join(clone, "services.yaml"), "utf8");
  const world = await createWorld(directory, {
    // One platform: what is tested here does not depend on how long a build takes.
    changes: { "services.yaml": services.replace("[linux/amd64, linux/arm64]", "[linux/amd64]") },
  });
  let versions = 1;
  const { clients } = world;
  const words = (given: readonly string[]) => [
    "deploy",
    ...given,
    "-C",
    directory,
    "--stack",
    stack,
    "--output",
    "json",
  ];
  return {
    ...world,
    directory,
    commitVersion: async (service, version = `${++versions}.0.0`) => {
      await world.workspace.write(`examples/shop/${service}/VERSION`, `${version}\n`);
      await world.workspace.commit(`${service} ${version}`);
      return version;
    },
    deploy: (...given) => cli(...words(given)),
    begin: (...given) => watch(startCli(...words(given))),
    answer: (service) =>
      untilAnswered(async () => {
        const signal = AbortSignal.timeout(30_000);
        const answers =
          service === "checkout"
            ? [await askFunction(clients.lambda, functionName, "live", order, signal)]
            : await askService(clients.ecs, cluster, service, signal);
        return answers.map(({ text }) => text).join("\n");
      }),
    revisions: async (service) => {
      const familyPrefix = `shop-${stack}-${service}`;
      const [{ taskDefinitionArns = [] }, { services: found = [] }] = await Promise.all([
        clients.ecs.send(new ListTaskDefinitionsCommand({ familyPrefix })),
        clients.ecs.send(new DescribeServicesCommand({ cluster, services: [service] })),
      ]);
      return { count: taskDefinitionArns.length, current: found[0]?.taskDefinition?.split("/").at(-1) };
    },
    aliasVersion: async () => {
      const input = { FunctionName: functionName, Name: "live" };
      return Number((await clients.lambda.send(new GetAliasCommand(input))).FunctionVersion);
    },
  };
}

const order = { items: [{ sku: "mug", quantity: 2 }] };

function watch(child: ReturnType<typeof startCli>): Running {
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
  });
  let isOver = false;
  const ended = child.then(({ exitCode, stdout }) => {
    isOver = true;
    return { exitCode, stdout, stderr: said };
  });
  return {
    child,
    ended,
    says: async (text) => {
      while (!said.includes(text)) {
        if (isOver) throw new Error(`it never said ${text}:\n${said}`);
        await sleep(5);
      }
    },
  };
}

/** Waits until a fault happens to a run. Throws what the run has said when it ends without it. */
export async function reached(fault: Injected, ended: Promise<{ stderr: string }>): Promise<void> {
  const over = ended.then(({ stderr }) => {
    throw new Error(`it ended before the fault happened:\n${stderr}`);
  });
  await Promise.race([fault.happened, over]);
}

/** The outcome of each target by its service, out of a deployment's document. */
export function outcomesOf({ targets }: DeployDocument): Record<string, string> {
  return Object.fromEntries(targets.map(({ service, outcome }) => [service, outcome]));
}
