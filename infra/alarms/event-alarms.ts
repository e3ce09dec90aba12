import type { Service } from "../../config/catalogue/catalogue.ts";
import { repositoryName } from "../../config/names.ts";
import type { Settings } from "../../config/settings.ts";
import { accountLike } from "../account.ts";
import type { AlarmDefinition } from "./definition.ts";
import { deploymentEvents, eventNamespace, eventSources, findingsMetric } from "./events.ts";

const minute = 60;
const day = 86_400;

/** Alarms on the metrics that count events. */
export function eventAlarms(services: readonly Service[], settings: Settings): AlarmDefinition[] {
  const namespace = eventNamespace(settings.stack);
  const sources = new Set(
    eventSources(services, settings, accountLike(settings.aws.region)).map((source) => source.name),
  );
  const once = { statistic: "Sum", periodSeconds: minute, periods: 1, fires: "above", threshold: 0 } as const;
  const alarm = (name: string, metric: string, description: string): AlarmDefinition => ({
    name,
    description,
    metric: { namespace, name: metric, dimensions: {} },
    ...once,
    noDataMeans: "quiet",
  });
  return [
    ...(sources.has("findings")
      ? settings.alarms.findings.severities.map((severity) =>
          alarm(
            `findings-${severity.toLowerCase()}`,
            findingsMetric(severity),
            `a scan found ${severity} vulnerabilities; the event log has the details`,
          ),
        )
      : []),
    ...(sources.has("failed-scans")
      ? [alarm("failed-scans", "FailedScans", "an image could not be scanned")]
      : []),
    ...deploymentEvents(services, settings).map(({ source, metric, meaning }) =>
      alarm(source.name, metric, meaning),
    ),
    ...(sources.has("pushes")
      ? services.map((service) => ({
          ...alarm(
            `${service.name}-pushes`,
            "Pushes",
            `more than ${settings.alarms.storage.pushesPerDay} manifests of ${service.name} were pushed in a day, so storage grows`,
          ),
          metric: {
            namespace,
            name: "Pushes",
            dimensions: { Repository: repositoryName(settings, service) },
          },
          periodSeconds: day,
          threshold: settings.alarms.storage.pushesPerDay,
        }))
      : []),
  ];
}
