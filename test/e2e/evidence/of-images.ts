import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateAliasCommand, CreateKeyCommand } from "@aws-sdk/client-kms";
import { beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { VerifyDocument } from "../../../runner/commands/verify/document.ts";
import { type EvidenceStore, readContent, referrersOf } from "../../../runner/evidence/referrers.ts";
import type { DeployDocument } from "../../../runner/move/document.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { ensureTools } from "../../../sandbox/toolchain/ensure.ts";
import { as } from "../roles.ts";
import { cli, stack, type World } from "../world.ts";

/** The world of the tests, with `ui` deployed for two platforms and without evidence. */
interface Place {
  readonly directory: string;
  world(): World;
  deploy(service: string): Promise<DeployDocument>;
  /** The digest of the image of `ui` that runs, by its keep tag. */
  running(): Promise<string | undefined>;
}

const platforms = ["linux/amd64", "linux/arm64"];
const formats = ["spdx", "cyclonedx"];

/** What Syft is known to write: enough of SPDX 2.3 and CycloneDX to see what the image is made of. */
const spdxSchema = z.object({
  spdxVersion: z.literal("SPDX-2.3"),
  packages: z.array(z.looseObject({ name: z.string() })),
});
const cyclonedxSchema = z.object({
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.string().regex(/^1\.\d$/),
  components: z.array(z.looseObject({ name: z.string() })),
});

/** Tests of `slipway:evidence`, with keys of KMS and a real Syft, in a world that has `ui` on two platforms. */
export function testEvidence({ directory, world, deploy, running }: Place): void {
  const stackFile = join(directory, `Pulumi.${stack}.yaml`);
  const key = "awskms:///alias/shop-images";

  async function ask(evidence: object): Promise<void> {
    const written = parse(await readFile(stackFile, "utf8")) as { config: Record<string, unknown> };
    written.config["slipway:evidence"] = evidence;
    await writeFile(stackFile, stringify(written));
  }

  const verify = async () => {
    const words = ["verify", "ui", "--evidence", "-C", directory, "--stack", stack, "--output", "json"];
    const { exitCode, document } = await as("person", () => cli(...words));
    const [ui] = document<VerifyDocument>().evidence ?? [];
    return { exitCode, missing: ui?.missing, pieces: ui?.pieces ?? [] };
  };

  const newVersion = async (version: string) => {
    await world().workspace.write("examples/shop/ui/VERSION", `${version}\n`);
    await world().workspace.commit(`ui ${version}`);
  };

  beforeAll(async () => {
    // Both come out of one build, where they can't be downloaded.
    await ensureTools(["grype", "syft"], { emit: () => {}, signal: AbortSignal.timeout(1_800_000) });
    const { kms } = world().clients;
    const about = { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" } as const;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand(about));
    const TargetKeyId = KeyMetadata?.KeyId;
    await kms.send(new CreateAliasCommand({ AliasName: "alias/shop-images", TargetKeyId }));
    await ask({ sign: { key }, provenance: true, sbom: formats });
  }, 1_800_000);

  test("is missing from an image that was deployed before", async () => {
    expect(await verify()).toMatchObject({
      exitCode: 2,
      missing: [
        "signature of the index",
        ...platforms.map((platform) => `signature of ${platform}`),
        ...platforms.flatMap((platform) => formats.map((format) => `sbom ${format} ${platform}`)),
      ],
    });
  });

  test("is attached between push and move, signed in KMS with the deploy role's own right", async () => {
    await newVersion("7.0.0");
    expect((await deploy("ui")).outcome).toBe("done");
    const { exitCode, missing, pieces } = await verify();
    expect({ exitCode, missing }).toEqual({ exitCode: 0, missing: [] });
    const found = pieces.map(({ what, platform = "index", state }) => `${what} ${platform} ${state}`);
    const sboms = platforms.flatMap((platform) => formats.map((format) => `sbom ${format} ${platform}`));
    expect(found.toSorted()).toEqual(
      [
        "provenance index verified",
        "signature index verified",
        ...platforms.map((platform) => `signature ${platform} verified`),
        // As a document that other tools find by its type, and as a signed statement.
        ...sboms.flatMap((sbom) => [`${sbom} unsigned`, `${sbom} verified`]),
      ].toSorted(),
    );
  });

  test("has real bills of materials of each platform, under the media types that tools look for", async () => {
    const { clients, state } = world();
    const { signal } = new AbortController();
    const registry = connectToRegistry(clients, state.registry, signal);
    const store: EvidenceStore = { clients, registry, repository: "shop/ui" };
    const { pieces } = await verify();
    for (const platform of platforms) {
      const subject = pieces.find((one) => one.platform === platform)?.subject ?? "";
      const referrers = await referrersOf(store, subject);
      const read = async (type: string): Promise<unknown> => {
        const [referrer, ...others] = referrers.filter(({ artifactType }) => artifactType === type);
        if (referrer === undefined) throw new Error(`${platform} has no ${type}`);
        expect(others, type).toEqual([]);
        return JSON.parse((await readContent(store, referrer)) ?? "");
      };
      const spdx = spdxSchema.parse(await read("application/spdx+json"));
      const cyclonedx = cyclonedxSchema.parse(await read("application/vnd.cyclonedx+json"));
      expect(spdx.packages.map(({ name }) => name)).toContain("busybox");
      expect(cyclonedx.components.map(({ name }) => name)).toContain("busybox");
    }
  });

  test("is attached once: a deployment without a change makes and signs nothing", async () => {
    const before = (await verify()).pieces.map(({ digest }) => digest);
    const { outcome, timeline } = await deploy("ui");
    expect(outcome).toBe("nothing");
    expect(timeline.map(({ phase }) => phase)).not.toContain("evidence");
    expect((await verify()).pieces.map(({ digest }) => digest)).toEqual(before);
  });

  test("stops a deployment before anything moves when the key is not there", async () => {
    await ask({ sign: { key: "awskms:///alias/none" } });
    await newVersion("7.0.1");
    const before = await running();
    const refused = await as("person", () => cli("deploy", "ui", "-C", directory, "--stack", stack));
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("the key is no key of KMS here");
    expect(await running()).toBe(before);
  });
}
