import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { scanImage } from "../../../runner/findings/scan.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { fakeContext, image, sha } from "../../unit/targets/fakes.ts";

const reports = join(import.meta.dirname, "../../unit/findings/reports");

describe("a scanner of the machine", () => {
  const ecr = mockClient(ECRClient);
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-scanner-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(() => {
    ecr.reset();
    ecr.on(GetAuthorizationTokenCommand).resolves({
      authorizationData: [{ authorizationToken: Buffer.from("AWS:the-token").toString("base64") }],
    });
    vi.stubEnv("XDG_CACHE_HOME", folder);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "a secret of AWS");
    vi.stubEnv("GITHUB_TOKEN", "a secret of GitHub");
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    return () => vi.unstubAllEnvs();
  });

  /** Puts a program in the scanner's place. */
  async function grypeDoes(script: string) {
    await writeFile(join(folder, "grype"), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, "grype"), 0o755);
  }

  async function scan(waitSeconds = 30, source: "grype" | "trivy" = "grype") {
    const session = { ...fakeContext(), settings: { scanning: { mode: "basic" } } } as unknown as Parameters<
      typeof scanImage
    >[0];
    const one = { ...image, manifests: { "linux/amd64": sha("a") } };
    const [scanned] = await scanImage(session, one, { source, waitSeconds, maxAgeDays: 3650 });
    return scanned?.result;
  }

  test("is given the manifest's digest, one credential, and nothing else of the environment", async () => {
    await grypeDoes(`env > ${folder}/environment; echo "$@" > ${folder}/words; cat ${reports}/grype.json`);
    expect(await scan()).toMatchObject({ state: "scanned", source: "grype" });
    const environment = await readFile(join(folder, "environment"), "utf8");
    expect(environment).toContain("GRYPE_REGISTRY_AUTH_PASSWORD=the-token");
    expect(environment).toContain("GRYPE_REGISTRY_INSECURE_USE_HTTP=true");
    expect(environment).toContain(`HOME=${folder}/slipway/scanner`);
    expect(environment).not.toContain("a secret");
    expect(environment).not.toMatch(/^AWS_/m);
    const words = await readFile(join(folder, "words"), "utf8");
    const list = String.raw`-o cyclonedx-json=\S+/packages\.json`;
    expect(words).toMatch(new RegExp(`^-o json ${list} registry:localhost:5000/shop/ui@${sha("a")}\n$`));
  });

  /** Grype that finds nothing, in an image with these packages. */
  const findsNothing = (...components: readonly string[]) =>
    grypeDoes(`
echo '{"matches":[],"descriptor":{"timestamp":"2026-11-28T10:00:00Z"}}'
for word in "$@"; do case $word in cyclonedx-json=*) echo '${JSON.stringify({ components })}' >"\${word#*=}";; esac; done`);

  test("that finds nothing in an image with packages says that it is clean", async () => {
    await findsNothing("busybox");
    expect(await scan()).toMatchObject({ state: "scanned", findings: [] });
  });

  test("that finds no package at all leaves the image unknown, as one from scratch", async () => {
    await findsNothing();
    expect(await scan()).toEqual({
      state: "unknown",
      status: "UNSUPPORTED_IMAGE",
      reason: "grype knows neither an operating system nor a package in this image, so it compared nothing",
    });
  });

  test("that does not say what it looked at leaves the image unknown", async () => {
    await grypeDoes(`echo '{"matches":[],"descriptor":{"timestamp":"2026-11-28T10:00:00Z"}}'`);
    expect(await scan()).toMatchObject({ state: "unknown", status: "SCANNER_FAILED" });
  });

  test.each([
    [
      "fails",
      "echo '[0001] ERROR failed to load vulnerability db' >&2; exit 1",
      "SCANNER_FAILED",
      "grype failed: failed to load vulnerability db",
    ],
    ["prints something else", "echo hello", "SCANNER_FAILED", "grype failed"],
    ["prints another document", "echo '{}'", "SCANNER_FAILED", "grype failed"],
  ])("that %s leaves the image unknown", async (_, script, status, reason) => {
    await grypeDoes(script);
    expect(await scan()).toMatchObject({ state: "unknown", status, reason: expect.stringContaining(reason) });
  });

  test("that is missing leaves the image unknown, and says what to do", async () => {
    vi.stubEnv("PATH", join(folder, "empty"));
    expect(await scan(30, "trivy")).toMatchObject({
      state: "unknown",
      status: "SCANNER_MISSING",
      reason: expect.stringContaining("trivy is not installed"),
    });
  });

  test("that does not end leaves the image unknown", async () => {
    await grypeDoes("exec sleep 60");
    expect(await scan(0.2)).toMatchObject({ state: "unknown", status: "TIMED_OUT" });
  });

  test("is not run where nothing is waited for, as in a plan", async () => {
    expect(await scan(0)).toMatchObject({ state: "unknown", status: "NOT_SCANNED" });
    expect(ecr.calls()).toHaveLength(0);
  });
});
