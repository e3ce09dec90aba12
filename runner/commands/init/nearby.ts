import { stringify } from "yaml";
import { catalogueFile } from "../../../config/description/description.ts";
import { allKinds } from "../../targets/kinds.ts";
import type { NearbyRequest } from "../../targets/live.ts";
import type { Found, FoundService } from "./found.ts";
import type { KnownServices } from "./known-project.ts";

/**
 * The services that services.yaml does not have, with the targets that files here and beside call for. For a
 * service that services.yaml has without such a target, a note shows the lines to add: `init` changes no service
 * that is there.
 *
 * @param known undefined without a services.yaml
 * @returns also the number of targets that were added
 */
export async function addNearby(
  found: Found,
  known: KnownServices | undefined,
  request: Omit<NearbyRequest, "services">,
): Promise<{ readonly found: Found; readonly targets: number }> {
  const kinds = known?.kinds ?? new Map<string, ReadonlySet<string>>();
  let services: readonly FoundService[] = found.services.filter((service) => known?.has(service) !== true);
  const fresh = services.map(({ name }) => name);
  const notes = [...found.notes];
  let count = 0;
  for (const { kind, nearby } of allKinds()) {
    if (nearby === undefined) continue;
    const lacking = [...kinds].filter(([, has]) => !has.has(kind)).map(([name]) => name);
    const near = await nearby({ ...request, services: [...fresh, ...lacking] });
    notes.push(...near.notes);
    for (const { service, target, title } of near.targets) {
      if (fresh.includes(service)) {
        count += 1;
        services = services.map((one) =>
          one.name === service
            ? { ...one, targets: [...(one.targets ?? []), target], runsAs: [...(one.runsAs ?? []), title] }
            : one,
        );
      } else {
        const text = stringify(target, { collectionStyle: "flow", lineWidth: 0 }).trim();
        notes.push(`${service}: ${title} names its image: add to its targets in ${catalogueFile}: ${text}`);
      }
    }
  }
  return { found: { services, notes }, targets: count };
}
