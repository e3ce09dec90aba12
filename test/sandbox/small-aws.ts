import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EngineEvent,
  LocalWorkspace,
  type OpType,
  PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import { sandboxEnvironment } from "../../sandbox/environment.ts";
import { openSandbox } from "../../sandbox/open.ts";
import { emulator } from "../../sandbox/parts/emulator.ts";
import { engine } from "../../sandbox/parts/engine.ts";

const services = [
  "cloudwatch",
  "ec2",
  "ecr",
  "ecs",
  "events",
  "iam",
  "inspector2",
  "kms",
  "lambda",
  "logs",
  "sns",
  "sqs",
  "sts",
];

/** The emulator and the engine with the stand-in providers, in a folder of their own. */
export interface SmallAws {
  readonly endpoint: string;
  readonly region: string;
  /** What an SDK client needs to talk to the emulator. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** A stack of an inline program. */
  stack(name: string, program: PulumiFn, configuration?: Readonly<Record<string, string>>): Promise<Stack>;
  stop(): Promise<void>;
}

/** Starts them; `stop` leaves nothing behind. */
export async function startSmallAws(): Promise<SmallAws> {
  const root = await mkdtemp(join(tmpdir(), "slipway-provider-"));
  const signal = new AbortController().signal;
  const sandbox = await openSandbox({ root, emit: () => {}, signal });
  const step = { id: "test", progress() {}, log() {}, conclude() {} };
  await engine.start(sandbox, step);
  const { address: endpoint } = await emulator.start(sandbox, step);
  const { region } = sandbox.store.current();
  const pulumiCommand = await PulumiCommand.get({ root: join(sandbox.folder.programs, "..") });
  const environment = sandboxEnvironment(sandbox.store.current());
  const envVars = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace("${PATH}", process.env.PATH ?? ""),
    ]),
  );
  return {
    endpoint,
    region,
    client: { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } },
    async stack(name, program, configuration = {}) {
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName: name, projectName: "provider", program },
        { pulumiCommand, envVars },
      );
      const all = {
        "aws:region": region,
        "aws:endpoints": JSON.stringify([Object.fromEntries(services.map((service) => [service, endpoint]))]),
        "aws:allowedAccountIds": JSON.stringify(["000000000000"]),
        "aws:defaultTags": JSON.stringify({ tags: { stack: "test" } }),
        ...configuration,
      };
      await stack.setAllConfig(
        Object.fromEntries(Object.entries(all).map(([key, value]) => [key, { value }])),
      );
      return stack;
    },
    async stop() {
      await emulator.stop(sandbox);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** What an operation did: by the resource's name, and what it warned of. */
export interface Happened {
  /** Resource's name → what was done; what stayed the same is left out. */
  readonly changes: Readonly<Record<string, OpType>>;
  readonly warnings: readonly string[];
}

/** Collects what an operation does; hand `onEvent` to it. */
export function watch(): { readonly onEvent: (event: EngineEvent) => void; happened(): Happened } {
  const changes: Record<string, OpType> = {};
  const warnings: string[] = [];
  return {
    onEvent({ resOutputsEvent, diagnosticEvent }) {
      if (diagnosticEvent?.severity === "warning") warnings.push(diagnosticEvent.message);
      if (resOutputsEvent === undefined) return;
      const { urn, op, old, new: now } = resOutputsEvent.metadata;
      const [, , type = "", ...name] = urn.split("::");
      if (!type.includes("aws:") || op === "same" || type.startsWith("pulumi:providers")) return;
      // The last step of a replacement takes the old one away; what matters is that it was replaced.
      const resource = name.join("::");
      if (op === "refresh") {
        if (now === undefined) changes[resource] = "delete";
        else if (JSON.stringify(old?.outputs) !== JSON.stringify(now.outputs)) changes[resource] = "update";
      } else if (changes[resource] !== "replace") changes[resource] = op;
    },
    happened: () => ({ changes, warnings }),
  };
}
