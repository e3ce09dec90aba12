import type { ECS, Tag } from "@aws-sdk/client-ecs";
import { type Tags, tagChanges } from "../../tags.ts";

/** Tags as ECS takes them: `[{key, value}]`. */
export function asEcsTags(tags: Tags): Tag[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/** Tags as ECS gives them. */
export function fromEcsTags(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ key = "", value = "" }) => [key, value]));
}

/** Brings the tags of a cluster, service or task definition from one state to another. */
export async function changeEcsTags(ecs: ECS, resourceArn: string, before: Tags | undefined, after: Tags) {
  const { set, remove } = tagChanges(before, after);
  if (remove.length > 0) await ecs.untagResource({ resourceArn, tagKeys: remove });
  if (Object.keys(set).length > 0) await ecs.tagResource({ resourceArn, tags: asEcsTags(set) });
}
