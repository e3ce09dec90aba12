import { join } from "node:path";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { type Problem, UserError } from "../problems/errors.ts";
import { didYouMean } from "../problems/nearest.ts";
import { problemsOf } from "../problems/problems.ts";
import { parseYaml } from "../problems/yaml.ts";
import { type Waiver, waiversFile, waiversSchema } from "../waivers.ts";
import { readTextFile } from "./text-file.ts";

/**
 * Reads waivers.yaml. A project without the file has no waivers.
 *
 * @throws UserError with every problem of the file
 */
export async function loadWaivers(
  directory: string,
  catalogue: Pick<Catalogue, "services" | "leftOut">,
): Promise<readonly Waiver[]> {
  const read = await readTextFile(join(directory, waiversFile), waiversFile);
  if (read === undefined) return [];
  if ("problem" in read) throw new UserError(read.problem);
  const parsed = parseYaml(read.text, waiversFile);
  if (!("value" in parsed)) throw new UserError(parsed.problems);
  const { value, locate } = parsed;
  const checked = waiversSchema.safeParse(value ?? {});
  if (!checked.success) throw new UserError(problemsOf(checked.error, waiversSchema, value, locate));
  const { waivers } = checked.data;
  const known = [...catalogue.services.map(({ name }) => name), ...(catalogue.leftOut ?? [])];
  const problems = waivers.flatMap(({ services = [] }, index) =>
    services.flatMap((service, at): Problem[] =>
      known.includes(service)
        ? []
        : [
            {
              code: "unknown-service",
              where: locate(["waivers", index, "services", at]),
              key: `waivers[${index}].services[${at}]`,
              value: service,
              message: `unknown service "${service}"`,
              fix: didYouMean(service, known),
            },
          ],
    ),
  );
  if (problems.length > 0) throw new UserError(problems);
  return waivers;
}
