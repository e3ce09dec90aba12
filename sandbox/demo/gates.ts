import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Problem, UserError } from "../../config/problems/errors.ts";
import type { CommandResult } from "../../runner/cli/command.ts";
import { ensureTool } from "../toolchain/ensure.ts";
import { expectExit, type Stage, timed } from "./story.ts";
import type { Chapter } from "./timeline.ts";
import type { Workspace } from "./workspace.ts";

/** What was told of gates, for `--output json`. */
export interface GatesTold {
  readonly chapters: readonly Chapter[];
  /** What the gate said. */
  readonly refused: readonly Problem[];
  readonly waived: CommandResult;
  readonly mended: CommandResult;
}

/** The file that makes the image contain the package: scanners know a package of npm by it. */
const packageFile = "examples/shop/orders/www/package.json";
const packageOf = (version: string) => `${JSON.stringify({ name: "minimist", version })}\n`;
const vulnerability = "CVE-2021-44906";

/** `slipway:gates` of the chapter. */
const gates = { preset: "block" };

/**
 * The part of the story about gates: an image with a package that has a known vulnerability is stopped before
 * anything moves, passes with a waiver that ends, and passes without one once the package is mended.
 *
 * @throws when something differs from the story
 */
export async function tellGates(stage: Stage): Promise<GatesTold> {
  const { context, workspace, stack } = stage;
  const { emit, signal } = context;
  const chapters: Chapter[] = [];
  const say = (message: string) => emit({ kind: "notice", message });
  const deploy = (title: string) => timed(chapters, title, () => stage.deploy(["orders"]));

  say(
    "The sandbox's ECR scans images with Grype, which is fetched now if it is not there. Without a download it is built, which takes minutes.",
  );
  await timed(chapters, "get the scanner", () => ensureTool("grype", { emit, signal }));

  const clean = await deploy("deploy orders as it is");
  expectExit(clean, 0, "the deployment of orders as it is");
  await setGates(workspace, stack);
  say(`Now the stack has gates (slipway:gates in Pulumi.${stack}.yaml), and orders gets minimist 1.2.5.`);
  await workspace.write(packageFile, packageOf("1.2.5"));
  await workspace.commit("orders: minimist 1.2.5");
  const before = await answerOfOrders(stage);
  say(`slipway deploy orders --stack ${stack}`);
  const refused = await timed(chapters, "deploy a bad package, stopped", () => refusalOf(stage));
  say(refused.message);
  if ((await answerOfOrders(stage)) !== before) throw new Error("the gate refused, but orders has moved");

  const expires = inDays(30);
  say(`Somebody accepts ${vulnerability} until ${expires}, in waivers.yaml, for a reason and by name.`);
  await workspace.write("waivers.yaml", waiver(expires));
  await workspace.commit(`Accept ${vulnerability} until ${expires}`);
  const waived = await deploy("deploy with a waiver");
  say(waived.text);
  expectExit(waived, 0, "the deployment with a waiver");

  say("The package is mended: minimist 1.2.6. Nobody needs the waiver any more.");
  await workspace.write(packageFile, packageOf("1.2.6"));
  await rm(join(workspace.directory, "waivers.yaml"));
  await workspace.commit("orders: minimist 1.2.6");
  const mended = await deploy("deploy the mended package");
  say(mended.text);
  expectExit(mended, 0, "the deployment of the mended package");
  return { chapters, refused: refused.problems, waived, mended };
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

function waiver(expires: string): string {
  const reason = "orders parses no input of a customer with it";
  const waivers = [
    { id: vulnerability, package: "minimist", services: ["orders"], reason, owner: "team-shop", expires },
  ];
  return stringify({ waivers });
}

/** A day, as waivers have it. */
function inDays(days: number): string {
  return new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
}

async function answerOfOrders(stage: Stage): Promise<string> {
  const answers = await stage.ask();
  return JSON.stringify(answers.filter(({ service }) => service === "orders"));
}
