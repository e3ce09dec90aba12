import { UserError } from "../../../config/problems/errors.ts";
import { awsSchema } from "../../../config/stack/provider.ts";
import type { FoundService } from "./found.ts";

/** Questions that no file answers. */
export interface Ask {
  region(given: string | undefined): Promise<string>;
  fromLive(): Promise<boolean>;
  /** Which of the services to write. */
  services(found: readonly FoundService[]): Promise<readonly FoundService[]>;
  project(proposed: string): Promise<string>;
  /** Whether to add services to an existing services.yaml. */
  extend(services: readonly FoundService[]): Promise<boolean>;
  /** Defaults that were taken without a question. */
  taken(): readonly Taken[];
}

export interface Taken {
  readonly what: string;
  readonly value: string;
}

const usualRegion = "eu-central-1";

/** Takes defaults: for `--yes`, and without a terminal. */
export function takeDefaults(environment: Readonly<Record<string, string | undefined>>): Ask {
  const taken: Taken[] = [];
  const take = <T extends string>(what: string, value: T): Promise<T> => {
    taken.push({ what, value });
    return Promise.resolve(value);
  };
  return {
    region: (given) => {
      const known = given ?? regionOf(environment);
      return known === undefined ? take("region", usualRegion) : Promise.resolve(known);
    },
    fromLive: () => Promise.resolve(false),
    services: (found) => Promise.resolve(found),
    project: (proposed) => take("project name", proposed),
    extend: () => Promise.resolve(false),
    taken: () => taken,
  };
}

/** Asks on the terminal, on stderr: stdout belongs to the result. */
export async function askOnTerminal(environment: Readonly<Record<string, string | undefined>>): Promise<Ask> {
  const { confirm, isCancel, multiselect, text } = await import("@clack/prompts");
  const output = process.stderr;
  const answered = <T>(answer: T): Exclude<T, symbol> => {
    if (!isCancel(answer)) return answer as Exclude<T, symbol>;
    throw new UserError(
      { code: "interrupted", message: "interrupted: nothing was written" },
      { exitCode: 130 },
    );
  };
  return {
    region: async (given) => {
      if (given !== undefined) return given;
      const defaultValue = regionOf(environment) ?? usualRegion;
      return answered(
        await text({
          message: "AWS region",
          placeholder: defaultValue,
          defaultValue,
          validate: (value = "") =>
            value === "" || awsSchema.shape.region.safeParse(value).success
              ? undefined
              : "a region such as eu-central-1",
          output,
        }),
      );
    },
    fromLive: async () => {
      const message = "Look at ECS and Lambda with your AWS credentials? Nothing is changed there.";
      return answered(await confirm({ message, initialValue: false, output }));
    },
    services: async (found) => {
      if (found.length === 0) return found;
      const options = found.map((service) => ({
        value: service.name,
        label: service.name,
        hint: `from ${service.from}, context ${service.context}`,
      }));
      const initialValues = found.map(({ name }) => name);
      const names = answered(
        await multiselect({ message: "Services to write", options, initialValues, required: true, output }),
      );
      return found.filter(({ name }) => names.includes(name));
    },
    project: async (proposed) =>
      answered(
        await text({
          message: "Project name (repositories are named <name>-<stack>/<service>)",
          placeholder: proposed,
          defaultValue: proposed,
          validate: (value = "") =>
            value === "" || /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(value)
              ? undefined
              : "lower-case letters and digits, joined by single . _ or -",
          output,
        }),
      ),
    extend: async (services) => {
      const names = services.map(({ name }) => name).join(", ");
      return answered(
        await confirm({ message: `Add ${names} to services.yaml?`, initialValue: true, output }),
      );
    },
    taken: () => [],
  };
}

function regionOf(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  return [environment.AWS_REGION, environment.AWS_DEFAULT_REGION].find(
    (one) => one !== undefined && one !== "",
  );
}
