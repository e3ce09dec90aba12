import type { Problem } from "../problems/errors.ts";
import { declarationOf } from "../targets/kinds.ts";
import { catalogueFile, type StackDescription, stackFile } from "./description.ts";

/** What targets say that does not fit the rest of the catalogue, or the stack's settings. */
export function targetProblems({ catalogue, settings }: StackDescription): Problem[] {
  const { stack, alarms, aws } = settings;
  const stacks = {
    stack,
    stackFile: stackFile(stack),
    alarms,
    region: aws.region,
    accounts: aws.allowedAccountIds,
  };
  const services = new Set([...catalogue.services.map(({ name }) => name), ...(catalogue.leftOut ?? [])]);
  return catalogue.services.flatMap((service) =>
    service.targets.flatMap((target, index) => {
      const key = `services.${service.name}.targets[${index}]`;
      const place = { ...stacks, service: service.name, key, services };
      return declarationOf(target)
        .problems(target, place)
        .map((problem) => ({ ...problem, where: catalogueFile }));
    }),
  );
}
