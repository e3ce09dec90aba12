import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pRetry from "p-retry";
import { parse, stringify } from "yaml";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import { waiversFile } from "../../config/waivers.ts";
import type { CommandResult } from "../../runner/cli/command.ts";
import type { ScanDocument } from "../../runner/commands/scan/document.ts";
import { ensureTool } from "../toolchain/ensure.ts";
import { expectExit, type Stage, timed } from "./story.ts";
import type { Chapter } from "./timeline.ts";
import type { Workspace } from "./workspace.ts";

/** What the chapter on gates needs of the world; each is the real thing. */
export interface GatesStage extends Stage {
  /** `slipway scan` in the workspace. */
  scan(services: readonly string[]): Promise<CommandResult>;
}

/** What was told of gates, for `--output json`. */
export interface GatesTold {
  readonly chapters: readonly Chapter[];
  /** What was found in the image that runs, before there was a gate. */
  readonly scanned: CommandResult;
  /** What the gate said. */
  readonly refused: readonly Problem[];
  readonly waived: CommandResult;
  readonly mended: CommandResult;
}

/** The files that make the image contain a package: scanners know one of npm by its package.json. */
const packageFile = "examples/shop/orders/www/package.json";
const versionFile = "examples/shop/orders/VERSION";
const packageOf = (version: string) => `${JSON.stringify({ name: "minimist", version })}\n`;
const vulnerability = "CVE-2021-44906";
const bad = { orders: "1.1.0", minimist: "1.2.5" };
const good = { orders: "1.1.1", minimist: "1.2.6" };

/** `slipway:gates` of the chapter. */
const gates = { preset: "block" };

/**
 * The part of the story about gates: an image with a package that has a known vulnerability is stopped before
 * anything moves, passes with a waiver that ends, and passes without one once the package is mended.
 *
 * @throws when something differs from the story
 */
export async function tellGates(stage: GatesStage): Promise<GatesTold> {
  const { context, workspace, stack } = stage;
  const { emit, signal } = context;
  const chapters: Chapter[] = [];
  const chapter = <T>(title: string, work: () => Promise<T>) => timed(chapters, title, work);
  const say = (message: string) => emit({ kind: "notice", message });
  const deployment = `slipway deploy orders --stack ${stack}`;

  say(
    "A gate stands between the push and the move of a deployment. This one asks what a scan has found, and the sandbox's ECR scans with Grype. It is fetched if it is not there, or else built, which takes minutes.",
  );
  await chapter("get the scanner", () => ensureTool("grype", { emit, signal }));

  const version = (await readFile(join(workspace.directory, versionFile), "utf8")).trim();
  say(`${deployment}   (orders ${version} as it is: the stack has no gates yet)`);
  const clean = await chapter("deploy orders as it is", () => stage.deploy(["orders"]));
  expectExit(clean, 0, "the deployment of orders as it is");
  say(`slipway scan orders --stack ${stack}`);
  const scanned = await chapter("scan what runs", () => stage.scan(["orders"]));
  say(scanned.text);
  say(backlog(scanned.document as ScanDocument));

  await setGates(workspace, stack);
  say(`The stack gets gates, in Pulumi.${stack}.yaml:\n${indented({ "slipway:gates": gates })}`);
  say(`orders ${bad.orders} brings the package minimist ${bad.minimist}, which has ${vulnerability}.`);
  await bring(workspace, bad);
  await workspace.commit(`orders ${bad.orders}, with minimist ${bad.minimist}`);
  say(deployment);
  const refused = await chapter("deploy a bad package, stopped", () => refusalOf(stage));
  say(refused.message);
  await answering(stage, version);
  say(`That is exit code 3. The image is in the registry, nothing has moved, and orders ${version} answers.`);

  const accepted = waiver(inDays(30));
  say(
    `team-shop accepts the finding for thirty days, with a reason, in ${waiversFile}:\n${indented(accepted)}`,
  );
  await workspace.write(waiversFile, stringify(accepted));
  await workspace.commit(`Accept ${vulnerability} in orders for thirty days`);
  say(deployment);
  const waived = await chapter("deploy with a waiver", () => stage.deploy(["orders"]));
  say(waived.text);
  expectExit(waived, 0, "the deployment with a waiver");
  await answering(stage, bad.orders);

  say(
    `orders ${good.orders} brings minimist ${good.minimist}, which is mended. The waiver is still there, and the gate says that it can go.`,
  );
  await bring(workspace, good);
  await workspace.commit(`orders ${good.orders}, with minimist ${good.minimist}`);
  say(deployment);
  const mended = await chapter("deploy the mended package", () => stage.deploy(["orders"]));
  say(mended.text);
  expectExit(mended, 0, "the deployment of the mended package");
  await answering(stage, good.orders);
  await rm(join(workspace.directory, waiversFile));
  await workspace.commit(`Nobody needs the waiver of ${vulnerability} any more`);
  return { chapters, scanned, refused: refused.problems, waived, mended };
}

/** What to make of the findings of an image that runs already. @throws when it has no scan result */
function backlog({ outcome }: ScanDocument): string {
  if (outcome === "clean") return "What runs is clean, as far as the sandbox's few advisories go.";
  if (outcome !== "findings") throw new Error(`the scan of what runs ended as ${outcome}`);
  return "What runs has findings already. They will stop nothing: a gate asks what a deployment makes worse.";
}

async function bring({ write }: Workspace, { orders, minimist }: typeof bad): Promise<void> {
  await write(versionFile, `${orders}\n`);
  await write(packageFile, packageOf(minimist));
}

/** What the gate says. @throws when it lets the image pass */
async function refusalOf(stage: Stage): Promise<UserError> {
  try {
    await stage.deploy(["orders"]);
  } catch (error) {
    if (error instanceof UserError && error.exitCode === 3) return error;
    throw error;
  }
  throw new Error("the gate let the bad package pass");
}

async function setGates({ directory }: Workspace, stack: string): Promise<void> {
  const file = join(directory, `Pulumi.${stack}.yaml`);
  const before = parse(await readFile(file, "utf8")) as { readonly config: object };
  await writeFile(file, stringify({ ...before, config: { ...before.config, "slipway:gates": gates } }));
}

function waiver(expires: string): object {
  const reason = "orders parses no input of a customer with it";
  const one = { id: vulnerability, package: "minimist", services: ["orders"], reason, owner: "team-shop" };
  return { waivers: [{ ...one, expires }] };
}

/** As it stands in the file, two columns further. */
function indented(content: object): string {
  return stringify(content).trimEnd().replaceAll(/^/gm, "  ");
}

/** A day, as waivers have it. */
function inDays(days: number): string {
  return new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
}

/** Waits until orders answers with a version, and no other: new tasks take a moment. @throws when it does not */
async function answering(stage: Stage, version: string): Promise<void> {
  await pRetry(
    async () => {
      const orders = (await stage.ask()).filter(({ service }) => service === "orders");
      const texts = orders.map(({ text }) => text);
      if (texts.length === 0 || texts.some((text) => !text.includes(`"version":"${version}"`)))
        throw new Error(`orders should answer as ${version}, and answers: ${texts.join(" and ")}`);
    },
    { retries: 60, minTimeout: 500, maxTimeout: 1_000, signal: stage.context.signal },
  );
}
