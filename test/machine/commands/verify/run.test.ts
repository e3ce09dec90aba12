import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runImages } from "../../../../runner/commands/verify/run.ts";
import type { Session } from "../../../../runner/session/session.ts";
import { createTimeline } from "../../../../runner/session/timeline.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { type OciRegistry, openOciRegistry } from "../../../unit/registry/oci-registry.ts";
import { service } from "../../../unit/stack/services.ts";
import { fakeContext } from "../../../unit/targets/fakes.ts";

const ecr = mockClient(ECRClient);
let registry: OciRegistry;
let folder: string;
let digest: string;

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  folder = await mkdtemp(join(tmpdir(), "slipway-run-"));
  const text = JSON.stringify({
    schemaVersion: 2,
    config: { digest: `sha256:${"0".repeat(64)}`, size: 1 },
    layers: [],
  });
  digest = registry.put("shop/ui", text, "application/vnd.oci.image.manifest.v1+json", "v1");
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  vi.stubEnv("A_SECRET", "s3cret");
  return () => vi.unstubAllEnvs();
});
afterEach(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

/** A `docker` that notes its words, and whose containers are in a state. */
async function dockerHas(state: object, run = "echo id") {
  const container = JSON.stringify([{ State: state, NetworkSettings: {} }]);
  const image = JSON.stringify([{ Config: { Healthcheck: { Test: ["CMD", "true"] } } }]);
  const script = `#!/bin/sh
echo "$*" >>${folder}/calls
case "$1 $2" in
  version*) echo linux/amd64;;
  context*) echo unix:///var/run/docker.sock;;
  "image inspect") echo '${image}';;
  "container inspect") echo '${container}';;
  run*) ${run};;
  logs*) echo "the last line"; echo "and an error" >&2;;
esac
`;
  await writeFile(join(folder, "docker"), script);
  await chmod(join(folder, "docker"), 0o755);
}

const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");

function sessionOf() {
  const context = fakeContext();
  return {
    ...context,
    registry: registry.host,
    services: [{ ...service("ui"), platforms: ["linux/amd64"], targets: [] }],
    settings: { stack: "dev", repositories: { prefix: "shop" } },
    timeline: createTimeline(context.emit),
  } as unknown as Session & ReturnType<typeof fakeContext>;
}

const request = { platform: undefined, image: "v1", timeoutSeconds: 1 };
const healthy = { Status: "running", ExitCode: 0, Health: { Status: "healthy" } };
const starting = { Status: "running", ExitCode: 0, Health: { Status: "starting" } };

describe("verify --run", () => {
  test("starts the image by digest without a secret, asks its health, and removes it", async () => {
    await dockerHas(healthy);
    const [run] = await runImages(sessionOf(), request);
    expect(run).toMatchObject({ service: "ui", platform: "linux/amd64", state: "ok" });
    const all = await calls();
    const started = all.find((call) => call.startsWith("run ")) ?? "";
    expect(started).toContain(`${registry.host}/shop/ui@${digest}`);
    expect(started).not.toMatch(/--env|--volume|--mount|-e |-v /);
    const [name = ""] = /slipway-verify-ui-\w+/.exec(started) ?? [];
    expect(all.at(-1)).toBe(`rm --force --volumes ${name}`);
  });

  test("shows the log of one that is not well in time, and removes it", async () => {
    await dockerHas(starting);
    const [run] = await runImages(sessionOf(), request);
    expect(run).toMatchObject({
      state: "fail",
      message: "it was not well after 1 s: its HEALTHCHECK still says starting",
      log: ["the last line", "and an error"],
    });
    expect((await calls()).at(-1)).toMatch(/^rm --force/);
  });

  test("removes what Docker could not start", async () => {
    await dockerHas(healthy, "echo 'exec format error' >&2; exit 125");
    const [run] = await runImages(sessionOf(), request);
    expect(run).toMatchObject({ state: "fail", message: "docker run: exec format error" });
    expect((await calls()).at(-1)).toMatch(/^rm --force/);
  });

  test("removes the container after Ctrl-C", async () => {
    await dockerHas(starting);
    const session = sessionOf();
    const running = runImages(session, { ...request, timeoutSeconds: 60 });
    const ended = running.then(
      () => "ended well",
      () => "interrupted",
    );
    while (!(await calls().catch(() => [])).some((call) => call.startsWith("container inspect"))) {
      await delay(50);
    }
    session.controller.abort();
    expect(await ended).toBe("interrupted");
    expect((await calls()).at(-1)).toMatch(/^rm --force/);
  });

  test("names the platforms of an image that lacks the machine's", async () => {
    await dockerHas(healthy);
    const [run] = await runImages(sessionOf(), { ...request, platform: "linux/arm64" });
    expect(run).toMatchObject({
      state: "fail",
      message: "the image has no linux/arm64, but linux/amd64: name one with --platform",
    });
  });

  test("is refused where Docker does not answer", async () => {
    await writeFile(
      join(folder, "docker"),
      "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2; exit 1\n",
    );
    await chmod(join(folder, "docker"), 0o755);
    await expect(runImages(sessionOf(), request)).rejects.toMatchObject({
      problems: [{ code: "docker-unavailable", message: expect.stringContaining("Cannot connect") }],
    });
  });
});
