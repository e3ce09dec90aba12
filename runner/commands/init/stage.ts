import { stageNames } from "../../../source/dockerfile/dockerfile.ts";
import type { FoundService } from "./found.ts";

/** Names of stages for development. */
const development =
  /(^|[-_.])(dev|devel|develop|development|local|debug|test|tests|testing|ci|watch|hot)([-_.]|$)/;

/**
 * A compose service for a deployment: compose files are mostly for development, so a stage for that is not
 * taken over, and one that is not the last is named.
 *
 * @param dockerfile its text; undefined when that was not read
 */
export function withoutDevelopmentStage(
  service: FoundService,
  dockerfile: string | undefined,
): { readonly service: FoundService; readonly note?: string } {
  const { stage, ...rest } = service;
  if (stage === undefined || dockerfile === undefined) return { service };
  const stages = stageNames(dockerfile);
  const last = stages.length - 1;
  const index = /^\d+$/.test(stage) ? Number(stage) : stages.lastIndexOf(stage.toLowerCase());
  if (index === last) return { service };
  const where = `${service.compose?.stageLine ?? service.from}: ${service.name}`;
  const lastName = stages[last] === undefined ? "the last stage" : `the last stage, ${stages[last]}`;
  if (index < 0 || index > last) {
    return { service: rest, note: `${where}: its Dockerfile has no stage ${stage}; ${lastName}, is built` };
  }
  if (development.test(stage.toLowerCase())) {
    return { service: rest, note: `${where}: target ${stage} is for development; ${lastName}, is built` };
  }
  return {
    service,
    note: `${where}: target ${stage} is taken over, and is not ${lastName}: check which one you deploy`,
  };
}
