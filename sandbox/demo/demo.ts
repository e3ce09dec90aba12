import { join } from "node:path";
import { loadStack } from "../../config/description/load.ts";
import { createClients } from "../../runner/aws/clients.ts";
import type { CommandContext, CommandResult } from "../../runner/cli/command.ts";
import { deployServices } from "../../runner/commands/deploy/run.ts";
import { rollbackServices } from "../../runner/commands/rollback/run.ts";
import { scanServices } from "../../runner/commands/scan/scan.ts";
import { showScan } from "../../runner/commands/scan/show.ts";
import type { DeployDocument } from "../../runner/move/document.ts";
import { planServices } from "../../runner/plan/run.ts";
import { coloursFor } from "../../runner/report/colours.ts";
import { withSession } from "../../runner/session/session.ts";
import { applyStackEnvironment } from "../../runner/stack/environment.ts";
import { takeDown } from "../down.ts";
import { writeSandboxStack } from "../stack-file.ts";
import { bringUp } from "../up.ts";
import { tellGates } from "./gates.ts";
import { manifestVersion, tellGitops } from "./gitops.ts";
import { tellLifecycle } from "./lifecycle.ts";
import { pulumiPreview, pulumiUp, writeAppStack } from "./pulumi.ts";
import { askShop } from "./shop.ts";
import { countRun, demoVersion, type Stage, tellStory, timed } from "./story.ts";
import { type Chapter, timeline } from "./timeline.ts";
import { createWorkspace } from "./workspace.ts";

/** The sandbox's stack, of the platform and of the shop. */
const stack = "sandbox";

/** Where the application team's project lies, in a project. */
const appDirectory = "examples/shop/app";

/**
 * The whole story: sandbox up, the platform's and the shop's `pulumi up`, then deployments, to a manifest in
 * git as well.
 *
 * @throws UserError when something is missing that the user can fix; any other error when the story
 *   does not go as told
 */
export async function runDemo(
  context: CommandContext,
  options: {
    readonly down: boolean;
    /** Only this chapter, which the whole story leaves out. */
    readonly chapter?: "gates" | "lifecycle" | undefined;
  },
): Promise<CommandResult> {
  const { directory: root, emit, signal } = context;
  const chapters: Chapter[] = [];
  const say = (message: string) => emit({ kind: "notice", message });

  say("A local AWS: emulator, Docker, BuildKit for two platforms, the Pulumi engine.");
  const state = await timed(chapters, "sandbox up", () => bringUp({ root, emit, signal }));

  const directory = join(root, ".slipway/demo");
  const run = await countRun(join(root, ".slipway/demo-runs"), options.chapter === undefined);
  const workspace = await createWorkspace(root, directory, {
    // Where the last run ended, so that only what this one changes is built.
    "examples/shop/ui/VERSION": `${run === 1 ? demoVersion(0) : manifestVersion(run - 1)}\n`,
  });
  await writeSandboxStack(directory, state);
  await writeAppStack(directory, join(directory, appDirectory), stack);
  const { settings } = await loadStack(directory, stack);
  await applyStackEnvironment(directory, settings);
  const clients = createClients(settings, { signal });
  try {
    const up = (title: string, project: string) =>
      pulumiUp({ title, directory: project, stack, environment: process.env, emit, signal });
    say(
      "The platform: five repositories with retention, scanning and alarms, and five images for two platforms.",
    );
    await timed(chapters, "pulumi up: platform", () => up("platform", directory));
    const inWorkspace = { ...context, directory };
    const end = async (told: { readonly chapters: readonly Chapter[] }): Promise<CommandResult> => {
      chapters.push(...told.chapters);
      if (options.down) await timed(chapters, "sandbox down", () => takeDown({ root, emit, signal }));
      return {
        exitCode: 0,
        document: { run, ...told, chapters },
        text: `\nWhere the time went:\n${timeline(chapters)}\n${options.down ? "" : options.chapter === "gates" ? whatNextWithGates : whatNext}`,
      };
    };
    if (options.chapter === "lifecycle") {
      const preview = () => pulumiPreview({ directory, stack, environment: process.env, signal });
      return await end(await tellLifecycle({ context: inWorkspace, root, state, clients, stack, preview }));
    }
    say("The shop team's own project: cluster, four services, a function, by digest.");
    await timed(chapters, "pulumi up: shop", () => up("shop", join(directory, appDirectory)));

    const stage = {
      context,
      workspace,
      stack,
      deploy: (services: readonly string[]) =>
        deployServices(
          { stack, services: [...services], all: services.length === 0, version: undefined },
          inWorkspace,
        ),
      ask: () => askShop(clients, stack, signal),
    };
    return await end(
      options.chapter === "gates"
        ? await tellGates({ ...stage, scan: (services) => scan(services, inWorkspace) })
        : await tellAll(stage, run, inWorkspace),
    );
  } finally {
    clients.destroy();
  }
}

/** `slipway scan`. */
async function scan(services: readonly string[], inWorkspace: CommandContext): Promise<CommandResult> {
  const document = await withSession(
    { stack, services: [...services], sources: "none" },
    inWorkspace,
    (session) => scanServices(session, { image: undefined, inUse: false, failOn: undefined }),
  );
  return { exitCode: 0, document, text: showScan(document, coloursFor(process.stdout)) };
}

/** All of the story that needs no scanner. */
async function tellAll(stage: Stage, run: number, inWorkspace: CommandContext) {
  const told = await tellStory(stage, demoVersion(run));
  const chosen = { stack, all: false, version: undefined };
  const manifests = await tellGitops(
    {
      ...stage,
      plan: (services) => planServices({ ...chosen, services }, inWorkspace),
      deploy: (services) => deployServices({ ...chosen, services }, inWorkspace),
      rollback: (services) =>
        rollbackServices({ ...chosen, services, to: undefined, withTaskDefinition: false }, inWorkspace),
    },
    manifestVersion(run),
    referenceOf(told.repeat, "ui"),
  );
  return { ...told, manifests, chapters: [...told.chapters, ...manifests.chapters] };
}

/** The image of a service after a deployment, by digest. */
function referenceOf({ document }: CommandResult, name: string): string {
  const found = (document as DeployDocument).services.find(({ service }) => service === name);
  if (found === undefined) throw new Error(`the deployment does not say which image ${name} runs`);
  return found.reference;
}

const whatNext = `
What to try next (the demo's project is in .slipway/demo; change a service there):
  ./slipway status -C .slipway/demo --stack sandbox      what runs where
  ./slipway plan -C .slipway/demo --stack sandbox        what a deployment would do
  ./slipway deploy ui -C .slipway/demo --stack sandbox   after a change of .slipway/demo/examples/shop/ui
  ./slipway sandbox status                               the local AWS: parts, versions, logs
  eval "$(./slipway sandbox env)"                        then: pulumi preview -C .slipway/demo --stack sandbox
  ./slipway demo --chapter gates                         a known vulnerability is stopped, waived and mended; gets a scanner
  ./slipway demo --chapter lifecycle                     a year of a repository, and what policies take of it
  ./slipway sandbox down                                 stop everything
`;

const whatNextWithGates = `
What to try next (the demo's project is in .slipway/demo):
  ./slipway history orders -C .slipway/demo --stack sandbox             the releases of the chapter
  ./slipway scan -C .slipway/demo --stack sandbox --in-use              the findings of everything that runs
  ./slipway report validation orders -C .slipway/demo --stack sandbox   what was checked, and how to check it again
  ./slipway demo                                                        the whole story
  ./slipway sandbox down                                                stop everything
`;
