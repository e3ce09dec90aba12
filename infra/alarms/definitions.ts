import type { Service } from "../../config/catalogue/catalogue.ts";
import type { Settings } from "../../config/settings.ts";
import { targetInfrastructure } from "../targets/kinds.ts";
import type { AlarmDefinition } from "./definition.ts";
import { eventAlarms } from "./event-alarms.ts";
import { loadBalancerAlarms } from "./load-balancer.ts";

/** All alarms of a stack. */
export function alarmDefinitions(services: readonly Service[], settings: Settings): AlarmDefinition[] {
  return [
    ...eventAlarms(services, settings),
    ...targetInfrastructure.flatMap((kind) => kind.alarms(services, settings.alarms)),
    ...loadBalancerAlarms(settings.alarms),
  ];
}
