import { UserError } from "../../../../config/problems/errors.ts";
import type { EcsTarget } from "../../../../config/targets/ecs/target.ts";
import { hasCode } from "../../../aws/errors.ts";
import type { Image } from "../../../registry/image.ts";
import { describeImage } from "../../../registry/lookup.ts";
import { imageIdOf, parseReference } from "../../../registry/reference.ts";
import { check, notChecked } from "../../checks.ts";
import type { TargetCheck, TargetContext, Verification } from "../../target.ts";
import { imagesByContainer } from "../containers.ts";
import { platformOf } from "../plan.ts";
import type { ExistingService } from "../state.ts";

/**
 * Checks that images of containers that do not move are in the registry, for the tasks' platform. It checks
 * only the registry that Slipway pushes to, and reports images elsewhere as not checked.
 */
export function checkImages(
  target: EcsTarget,
  state: ExistingService,
  { image, registry }: Verification,
  { clients, signal }: TargetContext,
): Promise<TargetCheck[]> {
  const moved = image === undefined ? [] : Object.keys(imagesByContainer(target, image));
  const containers = state.taskDefinition.containerDefinitions.filter(({ name }) => !moved.includes(name));
  const platform = platformOf(state);
  return Promise.all(
    containers.map(async (container): Promise<TargetCheck> => {
      const name = `image of ${container.name}`;
      const reference = parseReference(container.image ?? "");
      if (reference?.registry !== registry)
        return notChecked(name, `${container.image} is in another registry`);
      const good = `is in the registry${platform === undefined ? "" : `, for ${platform}`}`;
      return check(name, good, signal, async () => {
        const location = { service: container.name, repository: reference.repository, registry };
        const found = await describeImage(clients, location, imageIdOf(reference), signal).catch(
          (error: unknown) => {
            // It exists. The platform of a single manifest is in a blob that Slipway could not read.
            if (hasCode(error, "platform-unknown")) return "of unknown platform" as const;
            if (hasCode(error, "image-archived", "image-unavailable")) return error;
            throw error;
          },
        );
        if (found instanceof UserError) return faultIn(found);
        return faultOf(container.image ?? "", found, platform);
      });
    }),
  );
}

/** An image that exists but that no task can pull. */
function faultIn({ problems: [problem], message }: UserError) {
  return { message: problem?.message ?? message, fix: problem?.fix ?? "see what ECR says of it" };
}

function faultOf(
  reference: string,
  found: Image | "of unknown platform" | undefined,
  platform: string | undefined,
) {
  if (found === undefined) {
    return {
      message: `${reference} is not in the registry`,
      fix: "deploy the service that it is of, or correct the task definition",
    };
  }
  if (found === "of unknown platform" || platform === undefined) return undefined;
  if (found.manifests[platform] !== undefined) return undefined;
  return {
    message: `${reference} is built for ${Object.keys(found.manifests).join(", ")} only, and the tasks run on ${platform}`,
    fix: `build it for ${platform} as well`,
  };
}
