import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  ECRClient,
  type FindingSeverity,
  GetAuthorizationTokenCommand,
  ListImageReferrersCommand,
} from "@aws-sdk/client-ecr";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import type { Settings } from "../../../config/settings.ts";
import { gatesSchema } from "../../../config/stack/gates.ts";
import { type GateOverride, overrideOf } from "../../../runner/cli/override.ts";
import { type AskingSession, askGates } from "../../../runner/gates/ask.ts";
import { foretellGates } from "../../../runner/gates/foretell.ts";
import { digestOf } from "../../../runner/registry/blob.ts";
import { createTimeline } from "../../../runner/session/timeline.ts";
import type { TargetPlan } from "../../../runner/targets/target.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { ecsTarget, targetPlan } from "../plan/samples.ts";
import { found, indexText, manifestText, ociIndex } from "../registry/fixtures.ts";
import { service } from "../stack/services.ts";
import { awsError, fakeClock, fakeContext, image, sha } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "slipway-gates-"));
  await mkdir(directory, { recursive: true });
});
afterAll(() => rm(directory, { recursive: true, force: true }));
beforeEach(async () => {
  ecr.reset();
  ecr.on(ListImageReferrersCommand).resolves({});
  await rm(join(directory, "waivers.yaml"), { force: true });
});

/** What is asked of Dockerfiles has tests of its own. */
const dockerfile = { lint: "off" };
const unasked = { user: "off", secrets: "off" };
const old = sha("9");
/** What ECR found in a manifest. */
const has = (digest: string, ...findings: readonly (readonly [string, FindingSeverity])[]) =>
  ecr
    .on(DescribeImageScanFindingsCommand, { repositoryName: "shop/ui", imageId: { imageDigest: digest } })
    .resolves({
      imageScanStatus: { status: "COMPLETE" },
      imageScanFindings: {
        imageScanCompletedAt: new Date(fakeClock().now()),
        findings: findings.map(([name, severity]) => ({
          name,
          severity,
          attributes: [{ key: "package_name", value: "openssl" }],
        })),
      },
    });

/** A move of the target that runs `before` to the image's index, or to another reference. */
const move = (before: string | undefined, after = image.digest): TargetPlan =>
  targetPlan("ui", {
    action: "update",
    changes: [
      {
        field: "containerDefinitions[ui].image",
        before,
        after: `${image.registry}/${image.repository}@${after}`,
      },
    ],
  });
const runsOld = `${image.registry}/shop/ui@${old}`;

function sessionOf(gates: unknown = { preset: "block" }) {
  const context = fakeContext();
  const settings = {
    stack: "prod",
    scanning: { mode: "basic" },
    // What the image checks say is tested below.
    ...(gates === undefined
      ? {}
      : { gates: gatesSchema.parse({ image: unasked, dockerfile, ...(gates as object) }) }),
  } as unknown as Settings;
  return {
    ...context,
    directory,
    registry: image.registry,
    settings,
    catalogue: { services: [service("ui"), service("orders")] } as AskingSession["catalogue"],
    caller: { account: "111122223333", arn: "arn:aws:iam::111122223333:user/me" } as AskingSession["caller"],
    timeline: createTimeline(context.emit),
  };
}

const wanted = (...targets: readonly TargetPlan[]) => [
  { service: service("ui"), image, targets, about: { gates: [] } },
];

function ask(session: AskingSession, targets: readonly TargetPlan[], override?: GateOverride) {
  return askGates(session, wanted(...targets), override, fakeClock());
}

/** What runs is the index of `indexText`, with the manifests a and b, and the new image has c and d. */
const next = { ...image, digest: sha("8"), manifests: { "linux/amd64": sha("c"), "linux/arm64": sha("d") } };

describe("the gates", () => {
  test("are asked of what is moved, platform by platform, and recorded", async () => {
    ecr.on(BatchGetImageCommand).resolves(found(old, indexText, ociIndex));
    has(sha("a"), ["CVE-1", "HIGH"]);
    has(sha("b"));
    has(sha("c"), ["CVE-1", "HIGH"]);
    has(sha("d"));
    const asked = await askGates(
      sessionOf(),
      [{ service: service("ui"), image: next, targets: [move(runsOld, next.digest)], about: { gates: [] } }],
      undefined,
      fakeClock(),
    );
    expect(asked[0]?.about.gates).toEqual([
      {
        gate: "findings",
        verdict: "passed",
        message: "linux/amd64: 1 runs already; linux/arm64: no findings",
      },
    ]);
  });

  test("refuse an image that is worse on one platform, with exit code 3", async () => {
    ecr.on(BatchGetImageCommand).resolves(found(old, indexText, ociIndex));
    has(sha("a"), ["CVE-1", "HIGH"]);
    has(sha("b"));
    has(sha("c"), ["CVE-1", "HIGH"]);
    has(sha("d"), ["CVE-1", "HIGH"]);
    const asking = askGates(
      sessionOf(),
      [{ service: service("ui"), image: next, targets: [move(runsOld, next.digest)], about: { gates: [] } }],
      undefined,
      fakeClock(),
    );
    const error = await asking.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      exitCode: 3,
      problems: [
        {
          code: "gate-failed",
          where: "ui on prod",
          key: "findings",
          message: "linux/amd64: 1 runs already; linux/arm64: 1 HIGH block: CVE-1 in openssl (new)",
        },
      ],
    });
  });

  test("ask of a function's platform only", async () => {
    has(sha("a"));
    has(sha("b"), ["CVE-1", "CRITICAL"]);
    const [asked] = await ask(sessionOf(), [move(undefined, sha("a"))]);
    expect(asked?.about.gates).toEqual([
      { gate: "findings", verdict: "passed", message: "linux/amd64: no findings" },
    ]);
  });

  test("are asked of a sidecar, which has no target of its own", async () => {
    has(sha("a"), ["CVE-1", "HIGH"]);
    has(sha("b"));
    const target = { ...ecsTarget("orders"), containers: { orders: "orders", proxy: "ui" } };
    const after = `${image.registry}/${image.repository}@${image.digest}`;
    const changes = [{ field: "containerDefinitions[proxy].image", before: undefined, after }];
    const moving = targetPlan("orders", { target, action: "update", changes });
    const orders = { ...image, service: "orders", repository: "shop/orders" };
    const services = [
      { service: service("orders"), image: orders, targets: [moving], about: { gates: [] } },
      { service: service("ui"), image, targets: [], about: { gates: [] } },
    ];
    const error = await askGates(sessionOf(), services, undefined, fakeClock()).catch((e: unknown) => e);
    // The container of orders keeps its image, so only the sidecar's image is asked about.
    expect(error).toMatchObject({ problems: [{ code: "gate-failed", where: "ui on prod" }] });
    expect((error as UserError).problems).toHaveLength(1);
  });

  test("compare nothing with an image of another repository", async () => {
    has(sha("a"), ["CVE-1", "HIGH"]);
    has(sha("b"));
    await expect(ask(sessionOf(), [move("public.ecr.aws/nginx/nginx:1")])).rejects.toThrow(
      "CVE-1 in openssl (nothing to compare with)",
    );
  });

  test("let a waived finding pass, and say when the waiver ends", async () => {
    has(sha("a"), ["CVE-1", "HIGH"]);
    has(sha("b"));
    await writeFile(
      join(directory, "waivers.yaml"),
      "waivers:\n  - id: CVE-1\n    services: [ui]\n    reason: not reachable\n    owner: me\n    expires: 2023-11-20\n",
    );
    const session = sessionOf();
    const [asked] = await ask(session, [move(undefined)]);
    expect(asked?.about.gates[0]).toMatchObject({ verdict: "passed" });
    expect(session.events).toContainEqual({
      kind: "notice",
      message: "waivers.yaml: the waiver of CVE-1 expires in 6 days, on 2023-11-20 (owner: me)",
    });
  });

  test("are overridden by a person with a reason, who is recorded", async () => {
    has(sha("a"), ["CVE-1", "HIGH"]);
    has(sha("b"));
    const session = sessionOf();
    const override = overrideOf({ "override-gate": "findings", reason: "incident 7" });
    const [asked] = await ask(session, [move(undefined)], override);
    expect(asked?.about.gates[0]).toMatchObject({
      gate: "findings",
      verdict: "overridden",
      message: expect.stringMatching(/^by arn:aws:iam::111122223333:user\/me: incident 7 \(.*CVE-1/),
    });
    expect(session.events).toContainEqual(expect.objectContaining({ kind: "warning", code: "gate-warned" }));
  });

  test("without a result block or warn, as the stack says", async () => {
    ecr.on(DescribeImageScanFindingsCommand).rejects(awsError("ScanNotFoundException"));
    const never = { findings: { waitSeconds: 0 } };
    await expect(ask(sessionOf({ preset: "block", ...never }), [move(undefined)])).rejects.toThrow("unknown");
    const [asked] = await ask(sessionOf({ preset: "warn", ...never }), [move(undefined)]);
    expect(asked?.about.gates[0]).toMatchObject({ verdict: "undecided" });
  });

  test.each([
    ["nothing moves", { preset: "block" }, targetPlan("ui")],
    ["the stack has none", undefined, move(runsOld)],
    ["they are switched off", { findings: { enabled: false }, image: unasked }, move(runsOld)],
  ])("make no call when %s", async (_, gates, plan) => {
    const session = gates === undefined ? { ...sessionOf(), settings: {} as Settings } : sessionOf(gates);
    const services = wanted(plan);
    expect(await askGates(session, services, undefined, fakeClock())).toBe(services);
    expect(ecr.calls()).toHaveLength(0);
  });
});

describe("the image checks", () => {
  const asked: string[] = [];
  const configuration = JSON.stringify({ config: { Env: ["DB_PASSWORD=correct-horse"] } });
  const server = createServer(({ url = "" }, answer) => {
    asked.push(url);
    answer.end(configuration);
  });
  beforeAll(() => new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening)));
  afterAll(() => new Promise((closed) => server.close(closed)));

  const checks = (image: unknown) => ({ findings: { enabled: false }, image });
  const holdImage = () => {
    const { port } = server.address() as AddressInfo;
    ecr.on(BatchGetImageCommand).callsFake(({ imageIds = [] }) => ({
      images: imageIds.map((imageId: object) => ({
        imageId,
        imageManifest: manifestText.replace(sha("e"), digestOf(configuration)),
      })),
    }));
    ecr
      .on(GetAuthorizationTokenCommand)
      .resolves({ authorizationData: [{ authorizationToken: "QVdTOng=" }] });
    return `127.0.0.1:${port}`;
  };

  test("refuse an image, and name the way past them", async () => {
    const session = { ...sessionOf({ preset: "block", ...checks({}) }), registry: holdImage() };
    const error = await ask(session, [move(undefined)]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      exitCode: 3,
      problems: [
        {
          code: "gate-failed",
          key: "image checks",
          message:
            "linux/amd64, linux/arm64: user: runs as root: it names no USER (warning), secrets: ENV DB_PASSWORD looks like a value of a variable that is named like a secret (corr…) (blocks)",
          fix: 'correct the image, or run the command with --override-gate image-checks --reason "…"',
        },
      ],
    });
  });

  test("read the configuration from the registry, and no layer", async () => {
    asked.splice(0);
    const session = { ...sessionOf({ preset: "warn", ...checks({}) }), registry: holdImage() };
    await ask(session, [move(undefined, sha("a"))]);
    expect(asked).toEqual([`/v2/shop/ui/blobs/${digestOf(configuration)}`]);
  });

  test("warn, and let the image pass", async () => {
    const session = { ...sessionOf({ preset: "warn", ...checks({}) }), registry: holdImage() };
    const [asked] = await ask(session, [move(undefined)]);
    expect(asked?.about.gates).toEqual([
      expect.objectContaining({ gate: "image checks", verdict: "passed" }),
    ]);
    expect(session.events).toContainEqual(
      expect.objectContaining({ kind: "warning", message: expect.stringContaining("runs as root") }),
    );
  });
});

describe("a plan foretells the gates", () => {
  const deployment = { override: undefined, signs: true };
  const planned = (plan: TargetPlan, there = true) => [
    { service: service("ui"), image: there ? image : undefined, targets: [plan] },
  ];

  test("with a problem for what would be refused", async () => {
    has(sha("a"), ["CVE-1", "HIGH"]);
    has(sha("b"));
    const [foretold] = await foretellGates(sessionOf(), planned(move(undefined)), deployment, fakeClock());
    expect(foretold).toMatchObject({ gates: [{ verdict: "failed" }], problems: [{ code: "gate-failed" }] });
  });

  test.each([
    ["an image that is to be built", false, "asked when the image is built"],
    [
      "an image that is not scanned yet",
      true,
      "the deployment waits for the scan of linux/amd64, linux/arm64",
    ],
  ])("without a verdict for %s", async (_, there, message) => {
    ecr.on(DescribeImageScanFindingsCommand).rejects(awsError("ScanNotFoundException"));
    const [foretold] = await foretellGates(
      sessionOf(),
      planned(move(undefined), there),
      deployment,
      fakeClock(),
    );
    expect(foretold).toEqual({
      service: "ui",
      gates: [{ gate: "findings", verdict: "not checked", message }],
      problems: [],
    });
  });
});

test.each([
  [{ "override-gate": "findings" } as const, "--reason"],
  [{ reason: "why" }, "--override-gate"],
])("an override needs both options: %o", (options, missing) => {
  expect(() => overrideOf(options)).toThrow(`needs ${missing} as well`);
  expect(overrideOf({})).toBeUndefined();
});
