import { DescribeTasksCommand, ECSClient, ListTasksCommand, type Task } from "@aws-sdk/client-ecs";
import { afterEach, expect, test } from "vitest";
import { askService } from "../../../../sandbox/demo/answers.ts";
import { mockClient } from "../../../aws/mock-client.ts";

const ecs = mockClient(ECSClient);
afterEach(() => ecs.reset());

function task(lastStatus: string, address: string): Task {
  const details = [{ name: "privateIPv4Address", value: address }];
  return { lastStatus, attachments: [{ details }] };
}

test("asks tasks that run, and not those that only are listed still", async () => {
  ecs.on(ListTasksCommand).resolves({ taskArns: ["old", "new"] });
  const client = new ECSClient({ region: "eu-west-1" });
  // An address of the documentation's own: nobody answers there.
  ecs.on(DescribeTasksCommand).resolves({ tasks: [task("STOPPED", "192.0.2.1")] });
  await expect(askService(client, "shop", "ui")).rejects.toThrow("no task of shop/ui is running");
});
