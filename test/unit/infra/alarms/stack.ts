import { catalogueSchema, resolveCatalogue, type Service } from "../../../../config/catalogue/catalogue.ts";
import { parseSettings } from "../../../../config/description/settings.ts";
import type { Settings } from "../../../../config/settings.ts";

/** Settings of a stack `dev` whose repositories begin with `shop/`. */
export function settingsOf(configuration: Readonly<Record<string, unknown>>): Settings {
  const parsed = parseSettings(
    { "aws:region": "eu-central-1", "slipway:repositories": { prefix: "shop" }, ...configuration },
    "dev",
    "Pulumi.dev.yaml",
  );
  if (!("value" in parsed)) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** A service that runs on ECS as shop-dev/name, or on Lambda as shop-name. */
export function service(name: string, runs: { readonly kind: "ecs" | "lambda" }): Service {
  const target =
    runs.kind === "ecs"
      ? { kind: "ecs", cluster: "shop-${stack}", service: name }
      : { kind: "lambda", function: `shop-${name}` };
  const written = catalogueSchema.parse({ services: { [name]: { context: name, targets: [target] } } });
  const [only] = resolveCatalogue(written, "dev").services;
  if (only === undefined) throw new Error("the catalogue is empty");
  return only;
}
