import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type LoginEnvironment, withReadLogin } from "../../../runner/image/push-login.ts";

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
    return { file, environment, configuration: JSON.parse(text) as { auths: object } };
  });

test("signing in to read keeps what Docker may read anyway, and leaves nothing behind", async () => {
  const usual = JSON.stringify({ auths: { "other.example": { auth: "o" } }, proxies: {} });
  await writeFile(join(folder, "config.json"), usual);
  const found = await signedIn();
  expect(found?.configuration).toMatchObject({
    auths: { "other.example": { auth: "o" }, "own.example": { auth: "token" } },
    proxies: {},
    cliPluginsExtraDirs: [join(folder, "cli-plugins")],
  });
  expect(found?.environment.BUILDX_CONFIG).toBe(join(folder, "buildx"));
  await expect(readFile(found?.file ?? "")).rejects.toThrow("ENOENT");
  expect(await readFile(join(folder, "config.json"), "utf8")).toBe(usual);
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
