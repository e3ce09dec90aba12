import { generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { RebuiltDocument } from "../../../runner/commands/outdated/document.ts";
import type { PromoteDocument } from "../../../runner/commands/promote/promote.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { readNewestRecord } from "../../../runner/release/store.ts";
import { ensureTools } from "../../../sandbox/toolchain/ensure.ts";
import { type Change, moveTag } from "../bases/move-tag.ts";
import { cli, stack, type World } from "../world.ts";

/** The world of the tests, with a stack `live` to promote `orders` to, whose tags may not move. */
interface Place {
  readonly directory: string;
  world(): World;
  /** Deploys a new version to the first stack. */
  release(version: string): Promise<unknown>;
  /** Releases of orders, in the order in which they were made. */
  readonly made: readonly { readonly digest: string; readonly commit: string }[];
  runningImage(cluster: string): Promise<string | undefined>;
  tagsOn(digest: string, repository: string): Promise<readonly string[]>;
}

/** Tests of promotions of an image that is built again, and of what is attached to it. */
export function testRebuilt({ directory, world, release, made, runningImage, tagsOn }: Place): void {
  beforeAll(async () => {
    await ensureTools(["grype", "syft"], { emit: () => {}, signal: AbortSignal.timeout(1_800_000) });
    const file = join(directory, `Pulumi.${stack}.yaml`);
    const settings = parse(await readFile(file, "utf8")) as { config: Record<string, unknown> };
    settings.config["slipway:evidence"] = { sbom: ["spdx"] };
    await writeFile(file, stringify(settings));
  }, 1_800_000);

  const rebuild = async (change: Change) => {
    const registry = connectToRegistry(world().clients, world().state.registry, AbortSignal.timeout(60_000));
    await moveTag(world().clients, registry, { repository: "slipway-base/busybox", tag: "1.37" }, change);
    const words = ["--rebuild", "-C", directory, "--stack", stack, "--output", "json"];
    const { exitCode, stderr, document } = await cli("outdated", "orders", ...words);
    expect(exitCode, stderr).toBe(0);
    return document<RebuiltDocument>().rebuild?.deployment?.services[0]?.digest;
  };
  const stacks = ["--from", stack, "--to", "live", "-C", directory, "--output", "json"];
  const promote = async (...words: readonly string[]) => {
    const { exitCode, stderr, document } = await cli("promote", "orders", ...stacks, ...words);
    expect(exitCode, stderr).toBe(0);
    return { stderr, document: document<PromoteDocument>() };
  };

  test("leaves the commit's tag on the image before, says so, and brings the evidence along", async () => {
    await release("1.4.0");
    const { digest: before = "", commit = "" } = made.at(-1) ?? {};
    const tag = commit.slice(0, 7);
    const first = await promote();
    expect(first.document.copied).toMatchObject([{ tags: expect.arrayContaining([tag]), staying: [] }]);

    const rebuilt = await rebuild("another layer");
    expect(rebuilt).not.toBe(before);
    const foretold = await promote("--dry-run");
    const stays = `orders: ${tag} may not move, and stays on the image that was built before from this source`;
    expect(foretold.stderr).toContain(stays);
    const { document } = await promote();
    expect(document).toMatchObject({ outcome: "done", services: [{ digest: rebuilt }] });
    expect(document.copied).toMatchObject([
      // The description of the source, and a bill of materials of each platform.
      { tags: expect.not.arrayContaining([tag]), staying: [tag], referrers: 3 },
    ]);
    expect(await runningImage("shop-live")).toBe(rebuilt);
    expect(await tagsOn(before, "live/orders")).toContain(tag);
    const head = await readNewestRecord(world().clients, "live/orders", "live", AbortSignal.timeout(60_000));
    const source = { commit: expect.stringMatching(new RegExp(`^${commit}`)) };
    expect(head?.record).toMatchObject({ source, image: { digest: rebuilt } });
    expect(head?.record.image.tags).not.toContain(tag);
  });

  test("brings what was attached since to an image that runs there", async () => {
    const running = await runningImage("shop-live");
    // The same image again, with the digest of a newer base image in its description.
    expect(await rebuild("another index")).toBe(running);
    const { document } = await promote();
    expect(document).toMatchObject({
      outcome: "nothing",
      copied: [{ manifests: 1, referrers: 1, uploaded: 0 }],
    });
    expect((await promote()).document.copied).toMatchObject([{ manifests: 0, referrers: 0 }]);
  });

  test("is refused before anything moves where the stack demands a signature that it has not", async () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(join(directory, "ours.pub"), publicKey.export({ format: "pem", type: "spki" }));
    const file = join(directory, "Pulumi.live.yaml");
    const settings = parse(await readFile(file, "utf8")) as { config: Record<string, unknown> };
    const gates = { findings: { enabled: false }, signed: { keys: ["ours.pub"] } };
    settings.config["slipway:gates"] = gates;
    await writeFile(file, stringify(settings));
    const running = await runningImage("shop-live");
    const older = ["--release", made[1]?.commit ?? "", "--force"];
    const refused = await cli("promote", "orders", ...stacks, ...older);
    expect([refused.exitCode, refused.document()], refused.stderr).toMatchObject([
      3,
      { error: { problems: [{ code: "gate-failed", key: "signed" }] } },
    ]);
    expect(refused.stderr).toContain("ours.pub has not signed the index, linux/amd64, linux/arm64");
    expect(await runningImage("shop-live")).toBe(running);
  });
}
