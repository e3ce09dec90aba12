import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RegisterTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import { PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { parse, stringify } from "yaml";
import type { Clients } from "../../runner/aws/clients.ts";
import type { CommandContext } from "../../runner/cli/command.ts";
import { policyOf } from "../../runner/commands/cleanup/arguments.ts";
import { cleanupPlan } from "../../runner/commands/cleanup/plan.ts";
import { showPlan } from "../../runner/commands/cleanup/show.ts";
import { readPrices } from "../../runner/commands/lifecycle/arguments.ts";
import { lifecycleCost } from "../../runner/commands/lifecycle/cost.ts";
import { lintLifecycle } from "../../runner/commands/lifecycle/lint.ts";
import { previewLifecycle } from "../../runner/commands/lifecycle/preview.ts";
import { showCost, showLint } from "../../runner/commands/lifecycle/show.ts";
import { showPreview } from "../../runner/commands/lifecycle/show-preview.ts";
import { connectToRegistry } from "../../runner/registry/connection.ts";
import { coloursFor } from "../../runner/report/colours.ts";
import { type Session, withSession } from "../../runner/session/session.ts";
import { ageSandboxImages } from "../age.ts";
import type { SandboxState } from "../state.ts";
import { timed } from "./story.ts";
import type { Chapter } from "./timeline.ts";
import { pushYear, releaseTag, yearOfImages } from "./year.ts";

/** What the chapter on lifecycle policies needs of the world; each is the real thing. */
export interface LifecycleStage {
  /** In the demo's project. */
  readonly context: CommandContext;
  readonly root: string;
  readonly state: SandboxState;
  readonly clients: Clients;
  readonly stack: string;
  /** `pulumi preview` of the platform: whether it was refused, and what it printed. */
  preview(): Promise<{ readonly failed: boolean; readonly output: string }>;
}

const repository = "shop/ui";

/** The release that the nightly job of the story starts: one of the ten newest, and none of the three. */
const nightly = releaseTag(5);

/** `slipway:retention` that would take it. */
const strict = {
  rules: [
    { images: { prefixes: ["v"] }, keepLast: 3 },
    { images: { prefixes: ["main-", "pr-"] }, expireAfterDays: 14 },
    { images: "untagged", expireAfterDays: 7 },
  ],
};

/**
 * The part of the story about lifecycle policies: a year of a busy repository, what the policy takes of it and when, what
 * is odd, what it costs, what nobody needs, and a stricter policy that is refused because a nightly job needs an image.
 *
 * @throws when something differs from the story
 */
export async function tellLifecycle(stage: LifecycleStage) {
  const { context, root, state, clients, stack } = stage;
  const { emit, signal } = context;
  const chapters: Chapter[] = [];
  const say = (message: string) => emit({ kind: "notice", message });
  const colours = coloursFor(process.stdout);
  const look = <T>(title: string, work: (session: Session) => Promise<T>) =>
    timed(chapters, title, () => withSession({ services: ["ui"], stack, sources: "none" }, context, work));

  const year = yearOfImages();
  say(
    `A year of ${repository}: ${year.length} small images, with push dates of the past (slipway sandbox age).`,
  );
  await timed(chapters, "a year of images", async () => {
    await pushYear(connectToRegistry(clients, state.registry, signal), repository, year);
    const images = year.map(({ digest: image, pushedDaysAgo }) => ({ image, pushedDaysAgo }));
    await ageSandboxImages({ repository, images }, { root, signal });
  });
  await startNightly(stage);
  say(`Somebody has made a nightly job by hand, which starts ${nightly}. services.yaml knows nothing of it.`);

  const now = new Date();
  const prices = await readPrices(undefined, root);
  const request = { policy: "declared", days: 30, pushesPerDay: undefined, compareWithAws: false } as const;
  say(`slipway lifecycle preview ui --stack ${stack}`);
  const preview = await look("lifecycle preview", (session) =>
    previewLifecycle(session, { ...request, prices, now }),
  );
  say(showPreview(preview, colours));
  expect(preview.repositories[0]?.calendar.length !== 0, "the policy takes nothing of a whole year");

  say(`slipway lifecycle lint ui --stack ${stack}`);
  const lint = await look("lifecycle lint", (session) => lintLifecycle(session, "declared"));
  say(showLint(lint, colours));
  say(`slipway lifecycle cost ui --stack ${stack}`);
  const cost = await look("lifecycle cost", (session) => lifecycleCost(session, prices));
  say(showCost(cost, colours));

  say(`slipway cleanup plan ui --stack ${stack} --kinds untagged,evidence,caches`);
  const policy = policyOf({
    kinds: "untagged,evidence,caches",
    keepNewest: 10,
    graceDays: 7,
    despiteBlindSpots: false,
    removedRepositories: undefined,
  });
  const cleanup = await look("cleanup plan", (session) => cleanupPlan(session, policy, now));
  say(showPlan(cleanup, undefined, colours));
  expect(cleanup.removals.length > 0, "a clean-up finds nothing in a whole year");

  say(
    `Now a stricter policy, in Pulumi.${stack}.yaml: the newest 3 releases. pulumi preview, before anything changes:`,
  );
  const refused = await timed(chapters, "a policy that is refused", () =>
    withRetention(stage, () => stage.preview()),
  );
  const why = refused.output.split("\n").filter((line) => line.includes(nightly));
  say(why.join("\n"));
  expect(refused.failed && why.length > 0, `the policy was not refused: ${refused.output.slice(-2000)}`);
  say(`What was refused is taken back: the stack has its retention of before.`);
  return { chapters, preview, lint, cost, cleanup, refused: why };
}

/** A rule of EventBridge that starts a release every night. Made again, it stays the same. */
async function startNightly({ clients, state, context: { signal } }: LifecycleStage): Promise<void> {
  const { ecs, events } = clients;
  const options = { abortSignal: signal };
  const image = `${state.registry}/${repository}:${nightly}`;
  const containerDefinitions = [{ name: "report", image, memory: 64 }];
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({ family: "nightly-report", containerDefinitions }),
    options,
  );
  const TaskDefinitionArn = taskDefinition?.taskDefinitionArn;
  if (TaskDefinitionArn === undefined) throw new Error("ECS registered no task definition");
  const Name = "nightly-report";
  await events.send(new PutRuleCommand({ Name, ScheduleExpression: "cron(0 2 * * ? *)" }), options);
  const Arn = `arn:aws:ecs:${state.region}:${state.account}:cluster/reports`;
  const RoleArn = `arn:aws:iam::${state.account}:role/nightly-report`;
  const target = { Id: "1", Arn, RoleArn, EcsParameters: { TaskDefinitionArn, TaskCount: 1 } };
  await events.send(new PutTargetsCommand({ Rule: Name, Targets: [target] }), options);
}

/** Does something with the strict retention in the stack's file, and puts the file back. */
async function withRetention<T>({ context, stack }: LifecycleStage, work: () => Promise<T>): Promise<T> {
  const file = join(context.directory, `Pulumi.${stack}.yaml`);
  const before = await readFile(file, "utf8");
  const { config, ...others } = parse(before) as { readonly config: object };
  await writeFile(file, stringify({ config: { ...config, "slipway:retention": strict }, ...others }));
  try {
    return await work();
  } finally {
    await writeFile(file, before);
  }
}

function expect(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}
