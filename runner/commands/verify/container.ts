import { execa, execaSync } from "execa";
import { z } from "zod";

/** A program that runs Docker's client as this user has it, with the registry's login for `docker pull`. */
export interface DockerClient {
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What Docker's client answered, when it refused. */
export class DockerRefused extends Error {
  constructor(command: string, said: string) {
    super(`docker ${command}: ${said}`);
    this.name = "DockerRefused";
  }
}

/** Lines of a container's log that are shown. */
const mostLines = 30;

/** Runs `docker`. @throws DockerRefused with the last line that it said */
export async function docker(
  { environment, signal }: DockerClient,
  ...words: readonly string[]
): Promise<string> {
  const result = await execa("docker", words, {
    env: { ...environment },
    cancelSignal: signal,
    stdin: "ignore",
    reject: false,
  });
  signal.throwIfAborted();
  if (!result.failed) return result.stdout;
  const missing = result.code === "ENOENT";
  const last = (result.stderr ?? "").trim().split("\n").at(-1) || (result.shortMessage ?? "no answer");
  throw new DockerRefused(words[0] ?? "", missing ? "Docker's client is not installed" : last);
}

/** The platform of the machine that Docker runs containers on: `linux/arm64`. */
export async function dockerPlatform(client: DockerClient): Promise<string> {
  return (await docker(client, "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")).trim();
}

/** Whether ports that containers publish on loopback answer here: Docker runs on this machine. */
export async function isHere(client: DockerClient): Promise<boolean> {
  const host = await docker(client, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}");
  return /^(unix|npipe):|^tcp:\/\/(localhost|127\.|\[::1\])/.test(host.trim());
}

const containerSchema = z.object({
  State: z.object({
    Status: z.string(),
    ExitCode: z.int(),
    OOMKilled: z.boolean().optional(),
    Error: z.string().optional(),
    Health: z
      .object({
        Status: z.string(),
        Log: z.array(z.object({ Output: z.string().optional() })).nullish(),
      })
      .nullish(),
  }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()).nullish(),
  }),
});

export type ContainerState = z.output<typeof containerSchema>;

/** What Docker says of a container. */
export async function inspectContainer(client: DockerClient, name: string): Promise<ContainerState> {
  const text = await docker(client, "container", "inspect", name);
  const [container] = z.array(containerSchema).parse(JSON.parse(text));
  if (container === undefined) throw new DockerRefused("container inspect", "no answer");
  return container;
}

const imageSchema = z.object({
  Config: z
    .object({
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Healthcheck: z.object({ Test: z.array(z.string()).nullish() }).nullish(),
    })
    .nullish(),
});

/** Ports (TCP) and health check of an image that was pulled. */
export async function inspectImage(client: DockerClient, reference: string) {
  const text = await docker(client, "image", "inspect", reference);
  const [image] = z.array(imageSchema).parse(JSON.parse(text));
  const ports = Object.keys(image?.Config?.ExposedPorts ?? {})
    .filter((port) => port.endsWith("/tcp") || /^\d+$/.test(port))
    .map((port) => Number.parseInt(port, 10))
    .sort((a, b) => a - b);
  const test = image?.Config?.Healthcheck?.Test ?? [];
  return { ports, hasHealthcheck: test.length > 0 && test[0] !== "NONE" };
}

/** The last lines of a container's log, what it says on stderr included. */
export async function containerLog({ environment }: DockerClient, name: string): Promise<readonly string[]> {
  const words = ["logs", "--tail", String(mostLines), name];
  const result = await execa("docker", words, { env: { ...environment }, all: true, reject: false });
  return (result.all ?? "").split("\n").filter((line) => line.trim() !== "");
}

/**
 * Runs `work` with a container of an image, and removes it with its volumes whatever happens: also after Ctrl-C, and
 * when a second Ctrl-C ends the process. The container gets no variable, no secret and no volume of this machine.
 *
 * @param port what it publishes, on loopback
 */
export async function withContainer<T>(
  client: DockerClient,
  { name, reference, platform, port }: ContainerToRun,
  work: () => Promise<T>,
): Promise<T> {
  const remove = ["rm", "--force", "--volumes", name];
  const environment = { ...client.environment };
  const atExit = () => void execaSync("docker", remove, { env: environment, reject: false, timeout: 5_000 });
  process.on("exit", atExit);
  try {
    await docker(
      client,
      ...["run", "--detach", "--pull", "never", "--name", name, "--label", "dev.slipway.verify=run"],
      ...["--platform", platform, "--stop-timeout", "1"],
      ...(port === undefined ? [] : ["--publish", `127.0.0.1::${port}`]),
      reference,
    );
    return await work();
  } finally {
    // Not cut short by an interruption.
    await execa("docker", remove, { env: environment, reject: false, stdin: "ignore" });
    process.off("exit", atExit);
  }
}

/** A container, and the image that it is made of. */
export interface ContainerToRun {
  readonly name: string;
  /** By digest. */
  readonly reference: string;
  readonly platform: string;
  readonly port: number | undefined;
}
