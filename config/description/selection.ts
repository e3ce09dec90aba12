import { posix } from "node:path";
import picomatch from "picomatch";
import type { Catalogue, Service } from "../catalogue/catalogue.ts";
import { isGlob } from "../catalogue/contexts.ts";
import type { Problem } from "../problems/errors.ts";
import { didYouMean } from "../problems/nearest.ts";
import type { Settings } from "../settings.ts";
import type { Selector } from "../stack/services.ts";
import { declarationOf } from "../targets/kinds.ts";
import { catalogueFile, stackFile } from "./description.ts";
import { keyOfNeed, neededBy } from "./needs.ts";

const settingsKey = "slipway:services";

/**
 * The part of the catalogue that a stack is about. Each selector adds services, or takes them out again; when
 * the first takes some out, all others are in.
 *
 * @param selectors undefined: all services
 */
export function selectServices(catalogue: Catalogue, selectors: readonly Selector[] | undefined): Catalogue {
  if (selectors === undefined) return catalogue;
  const chosen = new Set(isExclusion(selectors[0]) ? catalogue.services : []);
  for (const selector of selectors) {
    for (const service of catalogue.services.filter(matcherOf(selector))) {
      if (isExclusion(selector)) chosen.delete(service);
      else chosen.add(service);
    }
  }
  const services = catalogue.services.filter((service) => chosen.has(service));
  const leftOut = catalogue.services.filter((service) => !chosen.has(service)).map(({ name }) => name);
  return { ...catalogue, services, ...(leftOut.length > 0 && { leftOut }) };
}

function isExclusion(selector: Selector | undefined): boolean {
  return typeof selector === "string" && selector.startsWith("!");
}

/** What a selector is about: a group, contexts by their paths, or services by their names. */
function matcherOf(selector: Selector): (service: Service) => boolean {
  if (typeof selector !== "string") return ({ groups = [] }) => groups.includes(selector.group);
  const text = selector.replace(/^!/, "");
  if (!text.includes("/")) {
    const matches = isGlob(text) ? picomatch(text) : (name: string) => name === text;
    return ({ name }) => matches(name);
  }
  const path = posix.normalize(text).replace(/\/$/, "");
  const matches = isGlob(path)
    ? picomatch(path, { dot: true })
    : (context: string) => path === "." || context === path || context.startsWith(`${path}/`);
  return ({ context }) => matches(posix.normalize(context).replace(/\/$/, ""));
}

/**
 * Problems of `slipway:services`: selectors that match nothing, and services that need one that the stack
 * leaves out.
 *
 * @param whole the catalogue with all services
 * @param selected the stack's part of it
 */
export function selectionProblems(whole: Catalogue, selected: Catalogue, settings: Settings): Problem[] {
  const { services: selectors, stack } = settings;
  if (selectors === undefined) return [];
  const problems = [
    ...selectors.flatMap((selector, index) => unmatched(selector, index, whole, stackFile(stack))),
    ...(selected.services.length > 0
      ? []
      : [
          {
            code: "nothing-selected",
            where: stackFile(stack),
            key: settingsKey,
            value: selectors,
            message: "selects no service",
            fix: "remove one of the selectors that begin with !",
          } satisfies Problem,
        ]),
  ];
  return problems.some(({ code }) => code === "unknown-service")
    ? problems.filter(({ code }) => code === "unknown-service")
    : [...problems, ...neededProblems(selected, stackFile(stack))];
}

function unmatched(selector: Selector, index: number, whole: Catalogue, where: string): Problem[] {
  if (whole.services.some(matcherOf(selector))) return [];
  const problem = { code: "unknown-service", where, value: selector } as const;
  const key = `${settingsKey}[${index}]`;
  if (typeof selector !== "string") {
    const groups = [...new Set(whole.services.flatMap((service) => service.groups ?? []))];
    const fix =
      groups.length === 0
        ? `give services groups: [${selector.group}] in ${catalogueFile}`
        : didYouMean(selector.group, groups);
    const message = `no service in ${catalogueFile} is in this group`;
    return [{ ...problem, key: `${key}.group`, value: selector.group, message, fix }];
  }
  const text = selector.replace(/^!/, "");
  if (text.includes("/")) {
    const message = `no service in ${catalogueFile} has a context that this path matches`;
    return [{ ...problem, key, message, fix: "correct the path, relative to the project's directory" }];
  }
  const names = whole.services.map(({ name }) => name);
  return [
    { ...problem, key, message: `matches no service in ${catalogueFile}`, fix: didYouMean(text, names) },
  ];
}

/** Services of the selection that can't do without one that is left out: to be built, to run, or to be moved. */
function neededProblems({ services, leftOut = [] }: Catalogue, where: string): Problem[] {
  const problem = (name: string, message: string): Problem => ({
    code: "left-out-service",
    where,
    key: settingsKey,
    value: name,
    message: `leaves out ${name}, but ${message}`,
    fix: `add ${name} to ${settingsKey}`,
  });
  return services.flatMap((service) => [
    ...neededBy(service)
      .filter((name) => leftOut.includes(name))
      .map((name) =>
        problem(
          name,
          `${service.name}, which it selects, is built from ${name} (${catalogueFile}: ${keyOfNeed(service, name)})`,
        ),
      ),
    ...service.targets.flatMap((target, index) =>
      declarationOf(target)
        .containers(target)
        .filter((container) => leftOut.includes(container.service))
        .map((container) =>
          problem(
            container.service,
            `container ${container.name} of ${service.name} runs its image (${catalogueFile}: services.${service.name}.targets[${index}])`,
          ),
        ),
    ),
  ]);
}
