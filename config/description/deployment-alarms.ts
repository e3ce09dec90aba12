import { cloudWatchAlarmName, stackResourceName } from "../alarm-names.ts";
import type { Catalogue, Service } from "../catalogue/catalogue.ts";
import { declarationOf } from "../targets/kinds.ts";
import type { StackDescription } from "./description.ts";

/** Whether a target names the stack's alarms, which needs the project's name. */
export function namesStackAlarms({ services }: Catalogue): boolean {
  return services.some(({ targets }) =>
    targets.some((target) => declarationOf(target).stackAlarms?.areNamed(target)),
  );
}

/**
 * Replaces the placeholders for the stack's alarms in targets with the alarm names.
 *
 * @param project name of the Pulumi project
 */
export function withStackAlarms<D extends StackDescription>(description: D, project: string): D {
  const { catalogue, settings } = description;
  const stackName = stackResourceName(project, settings.stack);
  const services = catalogue.services.map((service): Service => {
    const targets = service.targets.map((target) => {
      const { stackAlarms } = declarationOf(target);
      if (stackAlarms === undefined) return target;
      const index = service.targets.filter(({ kind }) => kind === target.kind).indexOf(target);
      return stackAlarms.withNames(target, () =>
        stackAlarms
          .names(service.name, index, settings.alarms)
          .map((name) => cloudWatchAlarmName(stackName, name)),
      );
    });
    return { ...service, targets };
  });
  return { ...description, catalogue: { ...catalogue, services } };
}
