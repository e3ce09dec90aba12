import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import {
  BatchGetImageCommand,
  BatchGetRepositoryScanningConfigurationCommand,
  CreateRepositoryCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  type ECRClient,
  GetRegistryScanningConfigurationCommand,
  ListImageReferrersCommand,
  PutImageCommand,
  PutRegistryScanningConfigurationCommand,
  paginateDescribeImageScanFindings,
  StartImageScanCommand,
} from "@aws-sdk/client-ecr";
import { execa } from "execa";
import { generate } from "selfsigned";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseSettings } from "../../config/description/settings.ts";
import { evidenceSchema } from "../../config/stack/evidence.ts";
import { type Clients, createClients } from "../../runner/aws/clients.ts";
import { attestImage } from "../../runner/evidence/attest.ts";
import { scanWithEcr } from "../../runner/findings/ecr/scan.ts";
import { scanImage } from "../../runner/findings/scan.ts";
import { connectToRegistry } from "../../runner/registry/connection.ts";
import { systemClock } from "../../runner/targets/poll.ts";
import { openEcrFront } from "../../sandbox/ecr/front.ts";
import { advisories } from "../../sandbox/ecr/scanning/advisories.ts";
import { writeDatabase } from "../../sandbox/ecr/scanning/database.ts";
import { grypeScanner, prepareDatabase } from "../../sandbox/ecr/scanning/program.ts";
import type { Scanner } from "../../sandbox/ecr/scanning/scans.ts";
import { ensureTools } from "../../sandbox/toolchain/ensure.ts";
import { createConformance } from "../aws/conformance.ts";
import { type FaultProxy, openFaultProxy } from "../faults/proxy.ts";
import { service } from "../unit/stack/services.ts";
import { type OwnAws, startAws } from "./own-aws.ts";

const { signal } = new AbortController();
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";

let aws: OwnAws;
let directory: string;
let front: Awaited<ReturnType<typeof openEcrFront>>;
let proxy: FaultProxy;
let clients: Clients;
let ecr: ECRClient;
/** Each test says how the scanner works. */
let scan: Scanner["scan"];
const conformance = createConformance();

beforeAll(async () => {
  aws = await startAws();
  directory = await mkdtemp(join(tmpdir(), "slipway-ecr-"));
  const { private: key, cert: certificate } = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
  });
  front = await openEcrFront({
    port: 0,
    backendPort: Number(new URL(aws.endpoint).port),
    key,
    certificate,
    directory,
    scanner: { scan: (...asked) => scan(...asked) },
  });
  proxy = await openFaultProxy({ backendPort: front.port, watch: conformance.note });
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  const parsed = parseSettings(
    { "aws:region": aws.region, "aws:endpoints": [{ ecr: `http://localhost:${proxy.port}` }] },
    "sandbox",
    "Pulumi.sandbox.yaml",
  );
  if (!("value" in parsed)) throw new Error("settings");
  clients = createClients(parsed.value);
  ({ ecr } = clients);
});

afterAll(async () => {
  clients?.destroy();
  await proxy?.close();
  await front?.close();
  await aws?.stop();
  await rm(directory, { recursive: true, force: true });
  expect(conformance.unexpected(), "what ECR answers is as AWS's models have it").toEqual([]);
});

const minimist = {
  vulnerability: {
    id: "GHSA-xvch-5gv4-984h",
    severity: "Critical",
    description: "Prototype Pollution in minimist",
    dataSource: "https://github.com/advisories/GHSA-xvch-5gv4-984h",
    cvss: [{ version: "3.1", vector: "CVSS:3.1/AV:N", metrics: { baseScore: 9.8 } }],
    fix: { versions: ["1.2.6"], state: "fixed" },
  },
  relatedVulnerabilities: [{ id: "CVE-2021-44906" }],
  artifact: { name: "minimist", version: "1.2.5", type: "npm", locations: [{ path: "/srv/package.json" }] },
};
const reportOf = (...matches: readonly object[]) => ({
  matches,
  descriptor: { db: { status: { built: "2026-11-01T00:00:00Z" } } },
});

let repositoryName: string;
let tests = 0;
beforeEach(async () => {
  scan = async () => reportOf(minimist);
  tests += 1;
  repositoryName = `shop/test-${tests}`;
  await ecr.send(new CreateRepositoryCommand({ repositoryName, imageTagMutability: "IMMUTABLE" }));
  await ecr.send(new PutRegistryScanningConfigurationCommand({ scanType: "BASIC", rules: [] }));
});

const url = (path: string) => `http://localhost:${proxy.port}/v2/${repositoryName}${path}`;
const digestOf = (bytes: string | Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function putBlob(bytes: string | Uint8Array): Promise<{ digest: string; size: number }> {
  const digest = digestOf(bytes);
  const begun = await fetch(url("/blobs/uploads/"), { method: "POST" });
  const place = new URL(begun.headers.get("location") ?? "", url("/"));
  place.searchParams.set("digest", digest);
  const ended = await fetch(place, { method: "PUT", body: Buffer.from(bytes) });
  expect(ended.status).toBe(201);
  return { digest, size: bytes.length };
}

async function putManifest(
  manifest: object,
  mediaType = manifestType,
  reference?: string,
): Promise<Response> {
  const body = JSON.stringify({ schemaVersion: 2, mediaType, ...manifest });
  const answer = await fetch(url(`/manifests/${reference ?? digestOf(body)}`), {
    method: "PUT",
    body,
    headers: { "content-type": mediaType },
  });
  expect(answer.status).toBe(201);
  return answer;
}

/** An image with one layer, of these files. */
async function pushImage(files: Readonly<Record<string, string>> = {}, os = "linux"): Promise<string> {
  const root = await mkdtemp(join(directory, "layer-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }
  const { stdout: tar } = await execa("tar", ["-C", root, "-cf", "-", "."], { encoding: "buffer" });
  const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", ...(await putBlob(tar)) };
  const config = JSON.stringify({
    os,
    architecture: "amd64",
    config: {},
    rootfs: { type: "layers", diff_ids: [layer.digest] },
    history: [{ created: new Date().toISOString() }],
  });
  const image = { config: { mediaType: configType, ...(await putBlob(config)) }, layers: [layer] };
  const answer = await putManifest(image);
  return answer.headers.get("docker-content-digest") ?? "";
}

const image = (imageDigest: string) => ({ repositoryName, imageId: { imageDigest } });
const start = (digest: string) => ecr.send(new StartImageScanCommand(image(digest)));
const look = (digest: string) => ecr.send(new DescribeImageScanFindingsCommand(image(digest)));
const ended = (digest: string) =>
  expect
    .poll(async () => (await look(digest)).imageScanStatus?.status, { timeout: 60_000, interval: 50 })
    .not.toMatch(/^(IN_PROGRESS|PENDING)$/)
    .then(() => look(digest));

describe("the manifests of several images", () => {
  it("are named by the tags that they were asked for, and what is not there stands apart", async () => {
    const digest = await pushImage();
    const { images = [] } = await ecr.send(
      new BatchGetImageCommand({ repositoryName, imageIds: [{ imageDigest: digest }] }),
    );
    const [stored] = images;
    for (const imageTag of ["one", "two", "three"]) {
      await ecr.send(new PutImageCommand({ repositoryName, imageTag, imageManifest: stored?.imageManifest }));
    }
    const asked = [{ imageTag: "none" }, { imageTag: "three" }, { imageTag: "one" }, { imageTag: "two" }];
    const answer = await ecr.send(new BatchGetImageCommand({ repositoryName, imageIds: asked }));
    expect(answer.images?.map(({ imageId }) => imageId)).toEqual(
      ["three", "one", "two"].map((imageTag) => ({ imageDigest: digest, imageTag })),
    );
    expect(answer.images?.map(({ imageManifest }) => imageManifest)).toEqual(
      Array.from({ length: 3 }, () => stored?.imageManifest),
    );
    expect(answer.failures).toMatchObject([{ imageId: { imageTag: "none" }, failureCode: "ImageNotFound" }]);
    const gone = new BatchGetImageCommand({ repositoryName: "nobody/here", imageIds: asked });
    await expect(ecr.send(gone)).rejects.toMatchObject({ name: "RepositoryNotFoundException" });
  });
});

describe("a scan", () => {
  it("is not found before it was asked for, is under way, and has findings in the shape of basic scans", async () => {
    const digest = await pushImage();
    await expect(look(digest)).rejects.toMatchObject({ name: "ScanNotFoundException" });
    const held = Promise.withResolvers<object>();
    scan = async (_, tell) => {
      tell("getting Grype");
      return held.promise;
    };
    expect((await start(digest)).imageScanStatus?.status).toBe("IN_PROGRESS");
    expect((await look(digest)).imageScanStatus).toMatchObject({ status: "IN_PROGRESS" });
    await expect(start(digest)).rejects.toMatchObject({ name: "LimitExceededException" });
    held.resolve(reportOf(minimist));
    const { imageScanStatus, imageScanFindings } = await ended(digest);
    expect(imageScanStatus?.status).toBe("COMPLETE");
    expect(imageScanFindings?.findingSeverityCounts).toEqual({ CRITICAL: 1 });
    expect(imageScanFindings?.vulnerabilitySourceUpdatedAt).toEqual(new Date("2026-11-01T00:00:00Z"));
    expect(imageScanFindings?.findings).toEqual([
      expect.objectContaining({
        name: "CVE-2021-44906",
        severity: "CRITICAL",
        attributes: expect.arrayContaining([
          { key: "package_name", value: "minimist" },
          { key: "CVSS3_SCORE", value: "9.8" },
        ]) as unknown,
      }),
    ]);
    await expect(start(digest)).rejects.toMatchObject({ name: "LimitExceededException" });
  });

  it("has its findings on pages", async () => {
    const digest = await pushImage();
    const named = (number: number) => ({
      ...minimist,
      vulnerability: { id: `CVE-2026-${number}`, severity: "Low" },
      relatedVulnerabilities: [],
    });
    scan = async () => reportOf(...Array.from({ length: 5 }, (_, number) => named(number)));
    await start(digest);
    await ended(digest);
    const names: string[][] = [];
    for await (const page of paginateDescribeImageScanFindings({ client: ecr, pageSize: 2 }, image(digest))) {
      names.push((page.imageScanFindings?.findings ?? []).map(({ name = "" }) => name));
    }
    expect(names).toEqual([["CVE-2026-0", "CVE-2026-1"], ["CVE-2026-2", "CVE-2026-3"], ["CVE-2026-4"]]);
    const wrong = new DescribeImageScanFindingsCommand({ ...image(digest), nextToken: "x" });
    await expect(ecr.send(wrong)).rejects.toMatchObject({ name: "InvalidParameterException" });
  });

  it("that failed says why, and can be asked for again at once", async () => {
    const digest = await pushImage();
    scan = async () => {
      throw new Error("the scanner failed: out of memory");
    };
    await start(digest);
    expect((await ended(digest)).imageScanStatus).toEqual({
      status: "FAILED",
      description: "the scanner failed: out of memory",
    });
    scan = async () => reportOf();
    await start(digest);
    expect((await ended(digest)).imageScanFindings?.findings).toEqual([]);
  });

  it("is refused for an index, an artifact, and what is not in the registry", async () => {
    const digest = await pushImage();
    const index = await putManifest({ manifests: [{ mediaType: manifestType, digest, size: 1 }] }, indexType);
    const empty = await putBlob("{}");
    const artifact = await putManifest({
      artifactType: "application/vnd.example",
      config: { mediaType: "application/vnd.oci.empty.v1+json", ...empty },
      layers: [],
    });
    for (const answer of [index, artifact]) {
      const other = answer.headers.get("docker-content-digest") ?? "";
      await expect(start(other)).rejects.toMatchObject({ name: "UnsupportedImageTypeException" });
      await expect(look(other)).rejects.toMatchObject({ name: "ScanNotFoundException" });
    }
    await expect(start(digestOf("none"))).rejects.toMatchObject({ name: "ImageNotFoundException" });
    const nowhere = new StartImageScanCommand({ ...image(digest), repositoryName: "shop/none" });
    await expect(ecr.send(nowhere)).rejects.toMatchObject({ name: "RepositoryNotFoundException" });
  });

  it("of an image for Windows says that it is unsupported", async () => {
    const digest = await pushImage({}, "windows");
    await start(digest);
    expect((await ended(digest)).imageScanStatus?.status).toBe("UNSUPPORTED_IMAGE");
  });

  it("is asked for by Slipway, which reads what it finds", async () => {
    const digest = await pushImage();
    const request = { clock: systemClock, waitSeconds: 60, maxAgeDays: 7, mayStart: true, signal };
    expect(await scanWithEcr(clients, repositoryName, digest, request)).toMatchObject({
      state: "scanned",
      source: "ecr-basic",
      findings: [{ id: "CVE-2021-44906", severity: "CRITICAL", score: 9.8, package: { name: "minimist" } }],
    });
  });
});

describe("the registry's configuration", () => {
  const filtered = (scanFrequency: "SCAN_ON_PUSH" | "CONTINUOUS_SCAN", filter: string) => ({
    scanFrequency,
    repositoryFilters: [{ filter, filterType: "WILDCARD" as const }],
  });
  const enhance = (...rules: readonly ReturnType<typeof filtered>[]) =>
    ecr.send(new PutRegistryScanningConfigurationCommand({ scanType: "ENHANCED", rules: [...rules] }));

  it("is basic and scans nothing by itself at first, and is read as it was written", async () => {
    const read = async () =>
      (await ecr.send(new GetRegistryScanningConfigurationCommand({}))).scanningConfiguration;
    expect(await read()).toEqual({ scanType: "BASIC", rules: [] });
    await enhance(filtered("CONTINUOUS_SCAN", "shop/*"));
    expect(await read()).toEqual({ scanType: "ENHANCED", rules: [filtered("CONTINUOUS_SCAN", "shop/*")] });
  });

  it("refuses continuous basic scans", async () => {
    const command = new PutRegistryScanningConfigurationCommand({
      scanType: "BASIC",
      rules: [filtered("CONTINUOUS_SCAN", "*")],
    });
    await expect(ecr.send(command)).rejects.toMatchObject({ name: "InvalidParameterException" });
  });

  it("says of each repository when it is scanned, by which filters", async () => {
    await enhance(filtered("SCAN_ON_PUSH", "*"), filtered("CONTINUOUS_SCAN", "shop/*"));
    const repositoryNames = [repositoryName, "shop/none"];
    const answer = await ecr.send(new BatchGetRepositoryScanningConfigurationCommand({ repositoryNames }));
    expect(answer.scanningConfigurations).toEqual([
      expect.objectContaining({
        repositoryName,
        scanFrequency: "CONTINUOUS_SCAN",
        appliedScanFilters: [
          { filter: "*", filterType: "WILDCARD" },
          { filter: "shop/*", filterType: "WILDCARD" },
        ],
      }),
    ]);
    expect(answer.failures).toEqual([
      expect.objectContaining({ repositoryName: "shop/none", failureCode: "REPOSITORY_NOT_FOUND" }),
    ]);
  });

  it("makes enhanced scans by itself, which stay active and have Inspector's shape", async () => {
    await enhance(filtered("CONTINUOUS_SCAN", "shop/*"));
    const digest = await pushImage();
    await expect(start(digest)).rejects.toMatchObject({ name: "ValidationException" });
    expect((await look(digest)).imageScanStatus?.status).toBe("PENDING");
    const { imageScanStatus, imageScanFindings } = await ended(digest);
    expect(imageScanStatus?.status).toBe("ACTIVE");
    expect(imageScanFindings?.enhancedFindings).toEqual([
      expect.objectContaining({
        severity: "CRITICAL",
        status: "ACTIVE",
        score: 9.8,
        fixAvailable: "YES",
        packageVulnerabilityDetails: expect.objectContaining({
          vulnerabilityId: "CVE-2021-44906",
          relatedVulnerabilities: ["GHSA-xvch-5gv4-984h"],
          vulnerablePackages: [
            expect.objectContaining({ name: "minimist", fixedInVersion: "1.2.6" }),
          ] as unknown,
        }) as unknown,
      }),
    ]);
    const request = { clock: systemClock, waitSeconds: 60, maxAgeDays: 7, mayStart: false, signal };
    expect(await scanWithEcr(clients, repositoryName, digest, request)).toMatchObject({
      state: "scanned",
      source: "ecr-enhanced",
      findings: [{ id: "CVE-2021-44906", fixedIn: "1.2.6" }],
    });
  });
});

describe("the referrers of an image", () => {
  it("are listed by the registry and by ECR's API, also where tags are immutable", async () => {
    const digest = await pushImage();
    const subject = { mediaType: manifestType, digest, size: 1 };
    const config = { mediaType: "application/vnd.oci.empty.v1+json", ...(await putBlob("{}")) };
    const attached: string[] = [];
    for (const artifactType of ["application/vnd.one", "application/vnd.two"]) {
      const answer = await putManifest({
        artifactType,
        config,
        layers: [],
        subject,
        annotations: { a: "b" },
      });
      expect(answer.headers.get("oci-subject")).toBe(digest);
      attached.push(answer.headers.get("docker-content-digest") ?? "");
    }
    const all = await fetch(url(`/referrers/${digest}`));
    expect(all.headers.get("content-type")).toBe(indexType);
    const { manifests } = (await all.json()) as { manifests: { digest: string; artifactType: string }[] };
    expect(manifests.map((one) => one.digest).toSorted()).toEqual(attached.toSorted());
    const some = await fetch(url(`/referrers/${digest}?artifactType=application%2Fvnd.two`));
    expect(some.headers.get("oci-filters-applied")).toBe("artifactType");
    expect(await some.json()).toMatchObject({
      manifests: [{ artifactType: "application/vnd.two", digest: attached[1], annotations: { a: "b" } }],
    });
    const subjectId = { imageDigest: digest };
    const filter = { artifactTypes: ["application/vnd.one"] };
    const { referrers } = await ecr.send(
      new ListImageReferrersCommand({ repositoryName, subjectId, filter }),
    );
    expect(referrers).toMatchObject([{ digest: attached[0], artifactType: "application/vnd.one" }]);
    const none = await fetch(url(`/referrers/${attached[0]}`));
    expect(await none.json()).toMatchObject({ manifests: [] });
    const image = await fetch(url(`/manifests/${digest}`));
    expect(image.headers.get("oci-subject")).toBeNull();
  });

  it("take all evidence of Slipway, and nothing new the second time", async () => {
    const digest = await pushImage();
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const registry = `localhost:${proxy.port}`;
    const store = {
      clients,
      registry: connectToRegistry(clients, registry, signal),
      repository: repositoryName,
    };
    const attest = () =>
      attestImage(
        store,
        {
          service: service("ui"),
          image: {
            service: "ui",
            repository: repositoryName,
            registry,
            digest,
            manifests: { "linux/amd64": digest },
          },
          provenance: { buildDefinition: {}, runDetails: {} },
        },
        {
          settings: evidenceSchema.parse({ sbom: [], sign: { key: "k.pem" } }),
          signer: {
            publicKey: publicKey.export({ format: "der", type: "spki" }),
            sign: async (message) => sign("sha256", message, privateKey),
          },
          login: () => Promise.reject(new Error("no bill of materials is made")),
        },
      );
    expect(await attest()).toMatchObject({ attached: ["signature linux/amd64", "provenance linux/amd64"] });
    expect(await attest()).toMatchObject({ attached: [], kept: 2 });
    const { imageDetails = [] } = await ecr.send(new DescribeImagesCommand({ repositoryName }));
    expect(imageDetails.flatMap(({ imageTags = [] }) => imageTags)).toEqual([]);
    expect(imageDetails).toHaveLength(3);
  });
});

describe("Grype", () => {
  const bad = {
    "srv/package.json": JSON.stringify({ name: "shop", version: "1.0.0" }),
    "srv/node_modules/minimist/package.json": JSON.stringify({ name: "minimist", version: "1.2.5" }),
  };
  let path: string;
  beforeAll(async () => {
    // Syft comes out of the same build, and would take as long again on its own.
    const tools = await ensureTools(["grype", "syft"], { signal, emit: () => {} });
    ({ path } = tools.grype);
  }, 1_800_000);
  const scanWith = (program: string, prepare = prepareDatabase) => {
    ({ scan } = grypeScanner({
      directory,
      registry: `localhost:${front.port}`,
      program: async () => program,
      prepare,
    }));
  };
  const found = async (files: Readonly<Record<string, string>>) => {
    const digest = await pushImage(files);
    await start(digest);
    return ended(digest);
  };

  it("finds the package with a known vulnerability in an image of the registry, and none in another", async () => {
    scanWith(path);
    const { imageScanStatus, imageScanFindings } = await found(bad);
    expect(imageScanStatus).toMatchObject({ status: "COMPLETE" });
    expect(imageScanFindings?.findings).toEqual([
      expect.objectContaining({
        name: "CVE-2021-44906",
        severity: "CRITICAL",
        uri: "https://github.com/advisories/GHSA-xvch-5gv4-984h",
        attributes: expect.arrayContaining([
          { key: "package_version", value: "1.2.5" },
          { key: "package_name", value: "minimist" },
          { key: "CVSS3_SCORE", value: "9.8" },
        ]) as unknown,
      }),
    ]);
    const mended = bad["srv/node_modules/minimist/package.json"].replace("1.2.5", "1.2.6");
    const clean = await found({ ...bad, "srv/node_modules/minimist/package.json": mended });
    expect(clean.imageScanFindings?.findings).toEqual([]);
  });

  describe("as an image that it can't read", () => {
    /** As Slipway runs it, with the sandbox's database. */
    const asked = async (digest: string, platform: string) => {
      scanWith(path);
      const cache = join(directory, "grype");
      await prepareDatabase(cache);
      // The sandbox's database has no digest that Grype could compare.
      const programs = join(directory, "programs");
      await mkdir(programs, { recursive: true });
      const script = `#!/bin/sh\nGRYPE_DB_VALIDATE_BY_HASH_ON_START=false exec '${path}' "$@"\n`;
      await writeFile(join(programs, "grype"), script, { mode: 0o755 });
      process.env.PATH = [programs, process.env.PATH].join(delimiter);
      process.env.XDG_CACHE_HOME = directory;
      process.env.GRYPE_DB_CACHE_DIR = cache;
      process.env.GRYPE_DB_AUTO_UPDATE = "false";
      const registry = `localhost:${proxy.port}`;
      const image = { repository: repositoryName, registry, manifests: { [platform]: digest } };
      const session = { clients, signal, settings: { scanning: { mode: "basic" as const } } };
      const [bySource, byEcr] = [{ source: "grype" as const }, { source: "ecr" as const }];
      const limits = { waitSeconds: 120, maxAgeDays: 7 };
      const results = [];
      for (const one of [bySource, byEcr]) {
        const [scanned] = await scanImage(session, image, { ...one, ...limits });
        results.push(scanned?.result);
      }
      return results;
    };

    it("leaves an image from scratch unknown, with the reason, and never clean", async () => {
      const unknown = { state: "unknown", status: "UNSUPPORTED_IMAGE" };
      expect(
        await asked(await pushImage({ "srv/data": "nothing that anybody knows" }), "linux/amd64"),
      ).toEqual([
        {
          ...unknown,
          reason: expect.stringMatching(/^grype knows neither an operating system nor a package/),
        },
        { ...unknown, reason: expect.stringMatching(/ECR cannot scan this image/) },
      ]);
      // With a package it is read, and clean.
      const readable = await pushImage({ ...bad, "srv/node_modules/minimist/package.json": "{}" });
      expect(await asked(readable, "linux/amd64")).toMatchObject([
        { state: "scanned", findings: [] },
        { state: "scanned", findings: [] },
      ]);
    });

    it("leaves an image for Windows unknown, with the reason, and never clean", async () => {
      const digest = await pushImage({ "Files/Windows/data": "an image for Windows" }, "windows");
      const [grype, ecr] = await asked(digest, "windows/amd64");
      expect(grype).toMatchObject({ state: "unknown", status: "UNSUPPORTED_IMAGE" });
      expect(ecr).toMatchObject({ state: "unknown", status: "UNSUPPORTED_IMAGE" });
    });
  });

  it("with a database that is too old makes the scan fail, and says how old it is", async () => {
    const monthAgo = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
    scanWith(path, (cache) => writeDatabase(cache, advisories, monthAgo));
    const { imageScanStatus, imageScanFindings } = await found({ ...bad, one: "1" });
    expect(imageScanStatus?.status).toBe("FAILED");
    expect(imageScanStatus?.description).toMatch(/the vulnerability database was built .* ago/);
    expect(imageScanFindings).toBeUndefined();
  });

  it("without a database makes the scan fail", async () => {
    scanWith(path, (cache) => rm(cache, { recursive: true, force: true }));
    const { imageScanStatus } = await found({ ...bad, two: "2" });
    expect(imageScanStatus?.status).toBe("FAILED");
    expect(imageScanStatus?.description).toMatch(/^the scanner failed: .*database/);
  });

  it("that dies makes the scan fail, and the next one works", async () => {
    const program = join(directory, "dying");
    await writeFile(program, "#!/bin/sh\necho about to die >&2\nkill -9 $$\n");
    await chmod(program, 0o755);
    scanWith(program);
    const { imageScanStatus } = await found({ ...bad, three: "3" });
    expect(imageScanStatus).toMatchObject({
      status: "FAILED",
      description: expect.stringMatching(/about to die/),
    });
    scanWith(path);
    expect((await found({ ...bad, four: "4" })).imageScanStatus?.status).toBe("COMPLETE");
  });

  it("gets nothing of the user's environment but the PATH", async () => {
    const program = join(directory, "telling");
    const told = join(directory, "environment");
    await writeFile(program, `#!/bin/sh\nenv >${told}\necho '{"matches":[],"descriptor":{}}'\n`);
    await chmod(program, 0o755);
    scanWith(program);
    await found({ five: "5" });
    const names = (await readFile(told, "utf8")).split("\n").map((line) => line.split("=")[0]);
    expect(names).not.toContain("AWS_SECRET_ACCESS_KEY");
    expect(names).toContain("GRYPE_DB_CACHE_DIR");
  });
});
