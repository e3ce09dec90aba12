import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import { isAwsError } from "../../aws/errors.ts";
import type { ReleaseSettings } from "../target.ts";
import { describeTaskDefinition, responseOnly } from "./revisions/task-definition.ts";

/** Settings of a release of an ECS service: the revision of the task definition that it ran. */
export const ecsSettings: ReleaseSettings<EcsTarget> = {
  name: "revision",
  hiddenFields: ["environment"],
  of: ({ revision }) => (revision === undefined ? undefined : String(revision)),
  async read(_target, name, { clients, signal }) {
    try {
      const { taskDefinition } = await describeTaskDefinition(clients.ecs, name, signal);
      return Object.fromEntries(
        Object.entries(taskDefinition).filter(([field]) => !responseOnly.includes(field)),
      );
    } catch (error) {
      if (isAwsError(error, "ClientException", "InvalidParameterException")) return undefined;
      throw error;
    }
  },
};
