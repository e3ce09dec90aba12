import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import getPort from "get-port";
import { openSandbox } from "../../sandbox/open.ts";

/** An emulator of a test's own. */
export interface OwnAws {
  readonly endpoint: string;
  readonly region: string;
  readonly account: string;
  /** The account's root: it may do all. */
  readonly root: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
}

/** An emulator that refuses what IAM refuses: the sandbox's takes any credentials for anything. */
export const startStrictAws = () => startAws({ AUTH: "true" });

/** An emulator with further variables of its own. */
export async function startAws(more: Readonly<Record<string, string>> = {}): Promise<OwnAws> {
  const root = await mkdtemp(join(tmpdir(), "slipway-strict-"));
  const sandbox = await openSandbox({ root, emit: () => {}, signal: new AbortController().signal });
  const tool = await sandbox.tool("ministack");
  const port = await getPort();
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const child = spawn(tool.path, [], {
    cwd: "/",
    stdio: "ignore",
    env: {
      PATH: process.env.PATH,
      HOME: root,
      TMPDIR: root,
      ...more,
      GATEWAY_PORT: String(port),
      BIND_HOST: "127.0.0.1",
      IOT_MTLS_ENABLED: "0",
      SFTP_ENABLED: "0",
      MINISTACK_REGION: "eu-central-1",
      MINISTACK_ACCOUNT_ID: "000000000000",
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGTERM");
    await Promise.race([ended, delay(10_000).then(() => child.kill("SIGKILL"))]);
    await ended;
    await rm(root, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 120_000; ; await delay(200)) {
    const answered = await fetch(`${endpoint}/_ministack/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error("the emulator does not answer");
    }
  }
  return { endpoint, region: "eu-central-1", account: "000000000000", root: credentials, stop };
}
