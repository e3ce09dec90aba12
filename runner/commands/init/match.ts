import type { LiveTarget } from "../../targets/live.ts";
import type { Found, FoundService } from "./found.ts";
import { serviceName } from "./names.ts";

/**
 * The services with what runs them: matched by the name of the image's repository, else by what the
 * target is called, with or without the stack's name in it.
 */
export function matchLive(found: Found, live: readonly LiveTarget[], stack: string): Found {
  const pairs = live
    .flatMap((candidate) => {
      const names = namesOf(candidate, stack);
      const best = found.services
        .map((service) => ({ service, candidate, rank: rankOf(service, names) }))
        .filter(({ rank }) => rank >= 0)
        .sort((a, b) => a.rank - b.rank)[0];
      return best === undefined ? [] : [best];
    })
    .sort((a, b) => a.rank - b.rank);
  const taken = pairs.filter(
    ({ candidate }, index) => pairs.findIndex((other) => other.candidate.place === candidate.place) === index,
  );
  const places = new Set(taken.map(({ candidate }) => candidate.place));
  const strangers = live.filter(({ place }) => !places.has(place));
  return {
    services: found.services.map((service) =>
      withTargets(
        service,
        taken.filter((pair) => pair.service === service).map(({ candidate }) => candidate),
        stack,
      ),
    ),
    notes: [
      ...found.notes,
      ...strangers.map(({ title, image }) => `${title} runs ${image}, which no service here builds`),
    ],
  };
}

function withTargets(service: FoundService, candidates: readonly LiveTarget[], stack: string): FoundService {
  if (candidates.length === 0) return service;
  const platforms =
    service.platforms ?? [...new Set(candidates.map(({ architecture }) => `linux/${architecture}`))].sort();
  const proposed = candidates.map((candidate) =>
    candidate.propose(service.name, (name) => forEveryStack(name, stack)),
  );
  return {
    ...service,
    platforms,
    targets: proposed.map(({ target }) => target),
    runsAs: proposed.map(({ title }) => title),
  };
}

/** The names that a service may share with a target, the most reliable first. */
function namesOf({ image, names }: LiveTarget, stack: string): readonly string[] {
  return [repositoryBase(image), ...names, ...names.map((name) => without(stack, name))].map(serviceName);
}

/** How well a service matches, 0 at best; -1 if it does not. */
function rankOf(service: FoundService, names: readonly string[]): number {
  const own = [service.name, ...service.aliases.map(serviceName)];
  return names.findIndex((name) => own.includes(name));
}

/** `ui` of `111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/ui@sha256:…`. */
export function repositoryBase(image: string): string {
  const name = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return name.split("/").at(-1) ?? name;
}

const edge = "(^|[-_/.])";

/** The name without the stack's name: `ui` of `ui-dev`. */
function without(stack: string, name: string): string {
  return name.replace(stackIn(stack), (_, before: string, after: string) => (before && after ? before : ""));
}

/** The name with a placeholder for the stack: `shop-${stack}` of `shop-dev`. */
export function forEveryStack(name: string, stack: string): string {
  return name.replace(stackIn(stack), (_, before: string, after: string) => `${before}\${stack}${after}`);
}

function stackIn(stack: string): RegExp {
  const literal = stack.replaceAll(/[\\^$.|?+()[\]{}*]/g, "\\$&");
  return new RegExp(`${edge}${literal}($|[-_/.])`);
}
