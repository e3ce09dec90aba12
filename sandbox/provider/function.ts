import { didYouMean } from "../../config/problems/nearest.ts";
import type { AwsContext } from "./context.ts";
import type { PropertyBag } from "./property.ts";

/** `ignored`: outputs of the function that its arguments may name and that choose nothing. */
type ArgumentUse = "used" | "ignored" | "unsupported";

/** A function of @pulumi/aws, its arguments and results typed by it. */
interface FunctionDefinition<Args, Result> {
  /** `aws:ecr/getAuthorizationToken:getAuthorizationToken` */
  readonly token: string;
  readonly arguments: Readonly<Record<keyof Required<Args>, ArgumentUse>>;
  call(given: Args, context: AwsContext): Promise<Result>;
}

/** A function as the provider's generic part sees it. */
export type ProviderFunction = (given: PropertyBag, context: AwsContext) => Promise<PropertyBag>;

/** Declares a function; an argument that is unknown or not covered is an error. */
export function defineFunction<Args extends object, Result extends object>() {
  return (definition: FunctionDefinition<Args, Result>): ProviderFunction =>
    async (given, context) => {
      const uses = definition.arguments as Readonly<Record<string, ArgumentUse>>;
      for (const [name, value] of Object.entries(given)) {
        if (value === undefined || value === null) continue;
        if (!Object.hasOwn(uses, name)) {
          throw new Error(
            `${definition.token} has no argument ${name}: ${didYouMean(name, Object.keys(uses))}`,
          );
        }
        if (uses[name] === "unsupported") {
          throw new Error(
            `the sandbox's AWS provider does not cover the argument ${name} of ${definition.token} (docs/reference/sandbox-provider.md)`,
          );
        }
      }
      return (await definition.call(given as Args, context)) as PropertyBag;
    };
}
