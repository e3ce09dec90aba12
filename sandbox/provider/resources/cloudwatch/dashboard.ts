import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import type { cloudwatch } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource } from "../../resource.ts";

const client = (context: AwsContext) => context.client(CloudWatch, "cloudwatch");
const gone = ["ResourceNotFound", "DashboardNotFoundError"];

export const dashboard = defineResource<cloudwatch.DashboardArgs, cloudwatch.Dashboard>()({
  token: "aws:cloudwatch/dashboard:Dashboard",
  inputs: {
    dashboardBody: { on: "update", compare: "json" },
    dashboardName: "replace",
    region: { on: "replace", computed: true },
  },
  computed: { dashboardArn: "stable" },

  async create(inputs, context) {
    await put(inputs.dashboardName, inputs.dashboardBody, context);
    return inputs.dashboardName;
  },

  async read(id, _previous, context) {
    const live = await unlessGone(client(context).getDashboard({ DashboardName: id }), ...gone);
    if (live === undefined) return undefined;
    return {
      id,
      outputs: {
        dashboardArn: live.DashboardArn ?? "",
        dashboardBody: live.DashboardBody ?? "",
        dashboardName: live.DashboardName ?? id,
      },
    };
  },

  async update(id, { inputs }, context) {
    await put(id, inputs.dashboardBody, context);
  },

  async delete(id, _outputs, context) {
    await unlessGone(client(context).deleteDashboards({ DashboardNames: [id] }), ...gone);
  },
});

async function put(name: string, body: string, context: AwsContext): Promise<void> {
  const { DashboardValidationMessages } = await client(context).putDashboard({
    DashboardName: name,
    DashboardBody: body,
  });
  for (const { DataPath, Message } of DashboardValidationMessages ?? []) {
    context.warn(`dashboard ${name}: ${DataPath ?? ""} ${Message ?? ""}`);
  }
}
