import { catalogueSchema, resolveCatalogue } from "../../../config/catalogue/catalogue.ts";
import { serviceContext } from "../../../config/catalogue/contexts.ts";
import { needsProblems } from "../../../config/description/needs.ts";
import { keyText } from "../../../config/problems/problems.ts";
import { entryOf } from "./catalogue-text.ts";
import type { Found, FoundService } from "./found.ts";

/**
 * Services whose contexts name each other as services.yaml does. Those that services.yaml could not have
 * are left out: what `init` writes is taken by `plan`.
 */
export function connect(found: readonly FoundService[]): Found {
  const notes: string[] = [];
  let services = found.map((service) => ({ service, contexts: contextsOf(service, found) }));
  for (;;) {
    const names = new Set(services.map(({ service }) => service.name));
    const refused = services.flatMap(({ service, contexts }) => {
      const why = whyNot(service, contexts, names);
      return why === undefined ? [] : [{ service, why }];
    });
    if (refused.length === 0) break;
    for (const { service, why } of refused) {
      notes.push(`${service.compose?.line ?? service.from}: ${service.name} is left out: ${why}`);
    }
    services = services.filter(({ service }) => !refused.some((one) => one.service === service));
  }
  const connected = services.map(({ service, contexts }): FoundService => {
    const written = Object.entries(contexts).map(([name, { location }]) => [name, location] as const);
    return written.length === 0 ? service : { ...service, contexts: Object.fromEntries(written) };
  });
  const refused = refusedTogether(connected);
  if (refused.size === 0) return { services: connected, notes };
  const rest = connect(
    found.filter(({ name }) => services.some(({ service }) => service.name === name) && !refused.has(name)),
  );
  return { services: rest.services, notes: [...notes, ...refused.values(), ...rest.notes] };
}

interface Context {
  readonly location: string;
  /** The service whose image it is; undefined with `key` set: it is not built here. */
  readonly service?: string;
  readonly key?: string;
}

function contextsOf(service: FoundService, all: readonly FoundService[]): Record<string, Context> {
  return Object.fromEntries(
    Object.entries(service.contexts ?? {}).map(([name, location]): [string, Context] => {
      const key = /^service:(?!\/\/)(.+)$/.exec(location)?.[1];
      if (key === undefined) return [name, { location }];
      const needed = all.find(({ from, compose }) => from === service.from && compose?.keys.includes(key));
      if (needed === undefined) return [name, { location, key }];
      return [name, { location: serviceContext(needed.name), service: needed.name, key }];
    }),
  );
}

function whyNot(
  service: FoundService,
  contexts: Readonly<Record<string, Context>>,
  names: ReadonlySet<string>,
): string | undefined {
  for (const { key, service: needed } of Object.values(contexts)) {
    if (key !== undefined && (needed === undefined || !names.has(needed))) {
      return `it is built from ${key}, which is not taken over`;
    }
  }
  const parsed = catalogueSchema.safeParse({ services: { [service.name]: entryOf(service) } });
  const [issue] = parsed.error?.issues ?? [];
  return issue && `${keyText(issue.path.slice(2))} ${issue.message}`;
}

/** Why services can not be built together: they need each other in a circle, or for other platforms. */
function refusedTogether(services: readonly FoundService[]): Map<string, string> {
  const written = Object.fromEntries(services.map((service) => [service.name, entryOf(service)]));
  const parsed = catalogueSchema.safeParse({ services: written });
  const problems = parsed.success ? needsProblems(resolveCatalogue(parsed.data, "dev")) : [];
  return new Map(
    problems.flatMap(({ key = "", message }) => {
      const service = services.find(({ name }) => key.startsWith(`services.${name}.`));
      if (service === undefined) return [];
      return [
        [service.name, `${service.compose?.line ?? service.from}: ${service.name} is left out: ${message}`],
      ];
    }),
  );
}
