import { AppRunnerClient, ListServicesCommand } from "@aws-sdk/client-apprunner";
import { BatchClient, DescribeJobDefinitionsCommand } from "@aws-sdk/client-batch";
import { CodeBuildClient, ListProjectsCommand } from "@aws-sdk/client-codebuild";
import { EventBridgeClient, ListEventBusesCommand } from "@aws-sdk/client-eventbridge";
import { Inspector2Client, ListCoverageCommand } from "@aws-sdk/client-inspector2";
import { ListModelsCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { mockClient } from "../../aws/mock-client.ts";

/** An account in which nothing but targets starts images; the mocks, for those that find something after all. */
export function nothingElseInUse() {
  const mocks = {
    events: mockClient(EventBridgeClient),
    scheduler: mockClient(SchedulerClient),
    batch: mockClient(BatchClient),
    codebuild: mockClient(CodeBuildClient),
    sagemaker: mockClient(SageMakerClient),
    apprunner: mockClient(AppRunnerClient),
    inspector2: mockClient(Inspector2Client),
  };
  mocks.events.on(ListEventBusesCommand).resolves({ EventBuses: [] });
  mocks.scheduler.on(ListSchedulesCommand).resolves({ Schedules: [] });
  mocks.batch.on(DescribeJobDefinitionsCommand).resolves({ jobDefinitions: [] });
  mocks.codebuild.on(ListProjectsCommand).resolves({ projects: [] });
  mocks.sagemaker.on(ListModelsCommand).resolves({ Models: [] });
  mocks.apprunner.on(ListServicesCommand).resolves({ ServiceSummaryList: [] });
  mocks.inspector2.on(ListCoverageCommand).resolves({ coveredResources: [] });
  return mocks;
}

/** Clients of these services; `nothingElseInUse` answers for them. */
export function otherClients() {
  const at = { region: "eu-central-1" };
  return {
    events: new EventBridgeClient(at),
    scheduler: new SchedulerClient(at),
    batch: new BatchClient(at),
    codebuild: new CodeBuildClient(at),
    sagemaker: new SageMakerClient(at),
    apprunner: new AppRunnerClient(at),
    inspector2: new Inspector2Client(at),
  };
}
