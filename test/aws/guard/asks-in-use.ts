import { type AskMaker, arnOf, textOf, textsOf } from "./input.ts";

const anywhere =
  (action: string): AskMaker =>
  () => [{ action, resource: "*" }];

/**
 * What the search for images in use asks of services that Slipway deploys nothing to.
 *
 * By the name that requests are signed with, and the operation.
 */
export const inUseAsks: Readonly<Record<string, Readonly<Record<string, AskMaker>>>> = {
  events: {
    ListEventBuses: anywhere("events:ListEventBuses"),
    ListRules: anywhere("events:ListRules"),
    ListTargetsByRule: ({ Rule, EventBusName }, place) => {
      const bus = textOf(EventBusName) || "default";
      const name = bus === "default" ? textOf(Rule) : `${bus}/${textOf(Rule)}`;
      return [{ action: "events:ListTargetsByRule", resource: arnOf(place, "events", "rule/", name) }];
    },
  },
  scheduler: {
    ListSchedules: anywhere("scheduler:ListSchedules"),
    GetSchedule: ({ Name, GroupName }, place) => {
      const name = `${textOf(GroupName) || "default"}/${textOf(Name)}`;
      return [{ action: "scheduler:GetSchedule", resource: arnOf(place, "scheduler", "schedule/", name) }];
    },
  },
  batch: { DescribeJobDefinitions: anywhere("batch:DescribeJobDefinitions") },
  codebuild: {
    ListProjects: anywhere("codebuild:ListProjects"),
    BatchGetProjects: ({ names }, place) =>
      textsOf(names).map((name) => ({
        action: "codebuild:BatchGetProjects",
        resource: arnOf(place, "codebuild", "project/", name),
      })),
  },
  sagemaker: {
    ListModels: anywhere("sagemaker:ListModels"),
    DescribeModel: ({ ModelName }, place) => [
      {
        action: "sagemaker:DescribeModel",
        resource: arnOf(place, "sagemaker", "model/", textOf(ModelName).toLowerCase()),
      },
    ],
  },
  apprunner: {
    ListServices: anywhere("apprunner:ListServices"),
    DescribeService: ({ ServiceArn }) => [
      { action: "apprunner:DescribeService", resource: textOf(ServiceArn) },
    ],
  },
  inspector2: {
    ListCoverage: anywhere("inspector2:ListCoverage"),
    GetConfiguration: anywhere("inspector2:GetConfiguration"),
  },
};
