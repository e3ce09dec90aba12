import { sorted } from "../../compare.ts";
import { isBag, isEmpty, isList, type PropertyBag, type PropertyValue } from "../../property.ts";

/**
 * Container definitions in one form: as JSON text or as values, with what ECS fills in, containers and
 * environment by name. Two that are equal in this form make the same tasks.
 */
export function comparableContainers(value: PropertyValue): PropertyValue {
  const parsed = typeof value === "string" ? (JSON.parse(value) as PropertyValue) : value;
  if (!isList(parsed)) return parsed;
  return sorted(parsed.map((container) => (isBag(container) ? comparableContainer(container) : container)));
}

function comparableContainer(container: PropertyBag): PropertyBag {
  const { environment, secrets, portMappings, healthCheck, ...others } = container;
  return {
    cpu: 0,
    essential: true,
    ...withoutEmpty(others),
    ...(isList(environment) ? { environment: sorted(environment) } : {}),
    ...(isList(secrets) ? { secrets: sorted(secrets) } : {}),
    ...(isList(portMappings) ? { portMappings: portMappings.map(comparablePort) } : {}),
    ...(isBag(healthCheck)
      ? { healthCheck: { interval: 30, timeout: 5, retries: 3, ...withoutEmpty(healthCheck) } }
      : {}),
  };
}

function comparablePort(mapping: PropertyValue): PropertyValue {
  if (!isBag(mapping)) return mapping;
  const { hostPort, ...others } = withoutEmpty(mapping);
  // 0 means any; the same port as inside is what awsvpc makes of nothing.
  const kept =
    hostPort === undefined || hostPort === 0 || hostPort === mapping.containerPort ? {} : { hostPort };
  return { protocol: "tcp", ...others, ...kept };
}

function withoutEmpty(value: PropertyBag): PropertyBag {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => !isEmpty(member)));
}
