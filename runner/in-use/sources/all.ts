import type { UseSource } from "./source.ts";

/**
 * The sources beyond the kinds of target. To add one, write a file with its calls, a line here, and its permissions
 * in config/permissions/in-use.ts.
 */
export const sources: readonly UseSource[] = [
  {
    what: "ECS tasks and Batch jobs that EventBridge rules start",
    service: "events",
    read: async (context) => (await import("./event-rules.ts")).imagesOfRules(context),
  },
  {
    what: "ECS tasks that EventBridge Scheduler starts",
    service: "scheduler",
    read: async (context) => (await import("./schedules.ts")).imagesOfSchedules(context),
  },
  {
    what: "active job definitions of AWS Batch",
    service: "batch",
    read: async (context) => (await import("./batch.ts")).imagesOfJobs(context),
  },
  {
    what: "CodeBuild projects",
    service: "codebuild",
    read: async (context) => (await import("./codebuild.ts")).imagesOfProjects(context),
  },
  {
    what: "SageMaker models",
    service: "sagemaker",
    read: async (context) => (await import("./sagemaker.ts")).imagesOfModels(context),
  },
  {
    what: "App Runner services",
    service: "apprunner",
    read: async (context) => (await import("./app-runner.ts")).imagesOfAppRunner(context),
  },
  {
    what: "Inspector's count of ECS tasks and EKS pods for each image",
    service: "inspector2",
    isWanted: ({ scanning }) => scanning.mode === "enhanced",
    read: async (context) => (await import("./inspector.ts")).imagesSeenByInspector(context),
  },
];
