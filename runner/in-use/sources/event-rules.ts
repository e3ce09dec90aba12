import {
  ListEventBusesCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  type Rule,
  type Target,
} from "@aws-sdk/client-eventbridge";
import pMap from "p-map";
import { type ImageUse, parallelReads } from "../../targets/image-use.ts";
import { jobImages } from "./batch.ts";
import { pagesOf } from "./pages.ts";
import type { SourceContext } from "./source.ts";
import { imagesOfStarts } from "./task-images.ts";

/**
 * The images of tasks and jobs that rules start, on every event bus. A disabled rule counts: somebody may enable it.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
 */
export async function imagesOfRules(context: SourceContext): Promise<readonly ImageUse[]> {
  const { clients, signal } = context;
  const { events } = clients;
  const options = { abortSignal: signal };
  const buses = await pagesOf(async (NextToken) => {
    const page = await events.send(new ListEventBusesCommand({ ...NextToken, Limit: 100 }), options);
    return { items: page.EventBuses ?? [], next: page.NextToken };
  });
  const rules = await pMap(
    buses.flatMap(({ Name }) => Name ?? []),
    (EventBusName) =>
      pagesOf(async (NextToken) => {
        const command = new ListRulesCommand({ EventBusName, ...NextToken, Limit: 100 });
        const page = await events.send(command, options);
        return { items: page.Rules ?? [], next: page.NextToken };
      }),
    { concurrency: 4, signal },
  );
  const targets = await pMap(
    rules.flat(),
    async (rule) => {
      const found = await pagesOf(async (NextToken) => {
        const { Name: Rule, EventBusName } = rule;
        const command = new ListTargetsByRuleCommand({
          Rule,
          ...(EventBusName !== undefined && { EventBusName }),
          ...NextToken,
          Limit: 100,
        });
        const page = await events.send(command, options);
        return { items: page.Targets ?? [], next: page.NextToken };
      });
      return found.map((target) => ({ rule, target }));
    },
    { concurrency: parallelReads, signal },
  );
  const started = targets.flat();
  const [tasks, jobs] = await Promise.all([
    imagesOfStarts(context, started.flatMap(taskStart)),
    jobImages(context, started.flatMap(jobStart)),
  ]);
  return [...tasks, ...jobs];
}

interface Started {
  readonly rule: Rule;
  readonly target: Target;
}

function taskStart({ rule, target }: Started) {
  const taskDefinition = target.EcsParameters?.TaskDefinitionArn;
  return taskDefinition === undefined ? [] : [{ taskDefinition, ...startOf(rule) }];
}

function jobStart({ rule, target }: Started) {
  const definition = target.BatchParameters?.JobDefinition;
  return definition === undefined ? [] : [{ definition, ...startOf(rule) }];
}

function startOf({ Name, State, EventBusName = "default" }: Rule) {
  const bus = EventBusName === "default" ? "" : `${EventBusName}/`;
  return {
    where: `eventbridge rule ${bus}${Name}`,
    how: State === "DISABLED" ? "disabled, starts" : "starts",
  };
}
