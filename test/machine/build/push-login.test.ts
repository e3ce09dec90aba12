import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type LoginEnvironment, withReadLogin } from "../../../runner/build/push-login.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-login-"));
  vi.stubEnv("DOCKER_CONFIG", folder);
  vi.stubEnv("BUILDX_CONFIG", undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** The configuration that work sees, and its environment. */
const signedIn = (auth = "token") =>
  withReadLogin({ registry: "own.example", auth }, async (environment: LoginEnvironment | undefined) => {
    if (environment === undefined) return undefined;
    const file = join(environment.DOCKER_CONFIG ?? "", "config.json");
    const text = await readFile(file, "utf8");
    const contexts = join(environment.DOCKER_CONFIG ?? "", "contexts");
    const daemon = await readFile(join(contexts, "one"), "utf8").catch(() => undefined);
    return { file, daemon, environment, configuration: JSON.parse(text) as { auths: object } };
  });

test("signing in to read keeps what Docker may read anyway, and leaves nothing behind", async () => {
  const auths = { "other.example": { auth: "o" } };
  const usual = JSON.stringify({ auths, proxies: {}, currentContext: "desktop" });
  await mkdir(join(folder, "contexts"));
  await writeFile(join(folder, "contexts/one"), "a daemon");
  await writeFile(join(folder, "config.json"), usual);
  const found = await signedIn();
  expect(found?.configuration).toMatchObject({
    auths: { "other.example": { auth: "o" }, "own.example": { auth: "token" } },
    proxies: {},
    currentContext: "desktop",
    cliPluginsExtraDirs: [join(folder, "cli-plugins")],
  });
  expect(found?.daemon).toBe("a daemon");
  expect(found?.environment.BUILDX_CONFIG).toBe(join(folder, "buildx"));
  await expect(readFile(found?.file ?? "")).rejects.toThrow("ENOENT");
  expect(await readFile(join(folder, "config.json"), "utf8")).toBe(usual);
  expect(await readFile(join(folder, "contexts/one"), "utf8")).toBe("a daemon");
});

test("without a configuration there is one with the registry alone", async () => {
  expect((await signedIn())?.configuration.auths).toEqual({ "own.example": { auth: "token" } });
});

test("where a store keeps the credentials, or the configuration can't be read, nothing is added", async () => {
  for (const usual of [JSON.stringify({ credsStore: "desktop" }), "{"]) {
    await writeFile(join(folder, "config.json"), usual);
    expect(await signedIn()).toBeUndefined();
  }
});
