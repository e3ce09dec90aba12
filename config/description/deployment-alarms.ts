import { ecsAlarmNames, stackResourceName } from "../alarm-names.ts";
import type { Catalogue, Service } from "../catalogue/catalogue.ts";
import type { Problem } from "../problems/errors.ts";
import { catalogueFile, type StackDescription, stackFile } from "./description.ts";

/** What stands for all alarms that the stack has for the service. */
const ofStack = "stack";

/** Whether an ECS target names the stack's alarms, so that the project's name is needed. */
export function namesStackAlarms({ services }: Catalogue): boolean {
  return services.some(({ targets }) =>
    targets.some((target) => target.kind === "ecs" && target.deploymentAlarms?.alarms.includes(ofStack)),
  );
}

/**
 * The description with the names of the stack's alarms in place of `stack` in deploymentAlarms.
 *
 * @param project name of the Pulumi project
 */
export function withStackAlarms<D extends StackDescription>(description: D, project: string): D {
  const { catalogue, settings } = description;
  const stackName = stackResourceName(project, settings.stack);
  const services = catalogue.services.map((service): Service => {
    const ofEcs = service.targets.filter(({ kind }) => kind === "ecs");
    const targets = service.targets.map((target) => {
      if (target.kind !== "ecs" || target.deploymentAlarms === undefined) return target;
      const names = () => ecsAlarmNames(stackName, service, ofEcs.indexOf(target), settings);
      const alarms = target.deploymentAlarms.alarms.flatMap((name) => (name === ofStack ? names() : [name]));
      return { ...target, deploymentAlarms: { ...target.deploymentAlarms, alarms: [...new Set(alarms)] } };
    });
    return { ...service, targets };
  });
  return { ...description, catalogue: { ...catalogue, services } };
}

/** Targets that want the stack's alarms when it has none. */
export function stackAlarmProblems({ catalogue, settings }: StackDescription): Problem[] {
  if (settings.alarms.ecs.enabled) return [];
  return catalogue.services.flatMap((service) =>
    service.targets.flatMap((target, index): Problem[] =>
      target.kind === "ecs" && target.deploymentAlarms?.alarms.includes(ofStack) === true
        ? [
            {
              code: "contradicting-settings",
              where: catalogueFile,
              key: `services.${service.name}.targets[${index}].deploymentAlarms.alarms`,
              value: ofStack,
              message: `stack ${settings.stack} has no alarms for ECS services: alarms.ecs.enabled is false in ${stackFile(settings.stack)}`,
              fix: "switch them on, or name other alarms",
            },
          ]
        : [],
    ),
  );
}
