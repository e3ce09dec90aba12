import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
} from "@aws-sdk/client-ecs";
import { beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../../../../../config/problems/errors.ts";
import { trackServiceDeployment } from "../../../../../runner/targets/ecs/follow/service-deployment.ts";
import { mockClient } from "../../../../aws/mock-client.ts";
import { awsError, fakeContext } from "../../fakes.ts";
import { revision } from "../builders.ts";

const ecs = mockClient(ECSClient);
const { clients, signal } = fakeContext();
const createdAt = new Date("2026-01-01T12:00:00Z");

const brief = (id: string, seconds: number) => ({
  serviceDeploymentArn: `arn:deployment/${id}`,
  targetServiceRevisionArn: `arn:revision/${id}`,
  createdAt: new Date(createdAt.getTime() + seconds * 1000),
});

function track() {
  const refusals: string[] = [];
  const searched = { cluster: "shop", service: "ui", revisionArn: revision(2), createdAt };
  return { look: trackServiceDeployment(clients, searched, (reason) => refusals.push(reason)), refusals };
}

beforeEach(() => {
  ecs.reset();
  ecs.on(DescribeServiceRevisionsCommand).resolves({
    serviceRevisions: [
      { serviceRevisionArn: "arn:revision/other", taskDefinition: revision(9) },
      { serviceRevisionArn: "arn:revision/ours", taskDefinition: revision(2) },
      { serviceRevisionArn: "arn:revision/again", taskDefinition: revision(2) },
    ],
  });
  ecs
    .on(DescribeServiceDeploymentsCommand)
    .callsFake(({ serviceDeploymentArns: [arn] }: { serviceDeploymentArns: string[] }) =>
      Promise.resolve({ serviceDeployments: [{ serviceDeploymentArn: arn, status: "IN_PROGRESS" }] }),
    );
});

describe("finding our deployment in the service deployments API", () => {
  it("goes by the revision that it moves to, and looks only once", async () => {
    ecs
      .on(ListServiceDeploymentsCommand)
      .resolves({ serviceDeployments: [brief("other", 5), brief("ours", 1)] });
    const { look } = track();
    expect(await look(signal)).toMatchObject({
      serviceDeploymentArn: "arn:deployment/ours",
      status: "IN_PROGRESS",
    });
    await look(signal);
    expect(ecs.commandCalls(ListServiceDeploymentsCommand)).toHaveLength(1);
    expect(ecs.commandCalls(ListServiceDeploymentsCommand)[0]?.args[0].input).toEqual({
      cluster: "shop",
      service: "ui",
      createdAt: { after: new Date("2026-01-01T11:59:50Z") },
    });
  });

  it("takes the newest of several to the same revision", async () => {
    ecs
      .on(ListServiceDeploymentsCommand)
      .resolves({ serviceDeployments: [brief("ours", 1), brief("again", 3)] });
    expect(await track().look(signal)).toMatchObject({ serviceDeploymentArn: "arn:deployment/again" });
  });

  it("gives up after eight looks where nothing is ever listed", async () => {
    ecs.on(ListServiceDeploymentsCommand).resolves({ serviceDeployments: [] });
    const { look, refusals } = track();
    for (let times = 0; times < 10; times++) expect(await look(signal)).toBeUndefined();
    expect(ecs.calls()).toHaveLength(8);
    expect(refusals).toEqual([]);
  });

  it.each([
    ["is not allowed", new UserError({ code: "access-denied", message: "not you" })],
    ["is not there", awsError("InvalidAction", "Unknown action")],
  ])("says so once, and does without, where the API %s", async (_, error) => {
    ecs.on(ListServiceDeploymentsCommand).rejects(error);
    const { look, refusals } = track();
    expect(await look(signal)).toBeUndefined();
    expect(await look(signal)).toBeUndefined();
    expect(refusals).toEqual([error.message]);
    expect(ecs.calls()).toHaveLength(1);
  });

  it("does not give up for want of an answer", async () => {
    const unreachable = new UserError({ code: "unreachable", message: "no answer" });
    ecs
      .on(ListServiceDeploymentsCommand)
      .rejectsOnce(unreachable)
      .resolves({ serviceDeployments: [brief("ours", 1)] });
    const { look } = track();
    await expect(look(signal)).rejects.toBe(unreachable);
    expect(await look(signal)).toBeDefined();
  });
});
