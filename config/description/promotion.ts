import { repositoryName } from "../names.ts";
import { type Problem, UserError } from "../problems/errors.ts";
import type { Settings } from "../settings.ts";
import { stackFile } from "./description.ts";
import { loadCatalogue, problemsIn } from "./load.ts";
import { selectServices } from "./selection.ts";
import { loadSettings } from "./settings.ts";

/** The repositories of a stack that another one takes promotions from. */
export interface PromotionSource {
  readonly stack: string;
  readonly region: string;
  /** Undefined: the account of the stack that they are promoted to. */
  readonly account: string | undefined;
  readonly repositories: readonly string[];
}

/**
 * The stacks of `slipway:github.promotesFrom`, from their files.
 *
 * @param directory the project directory
 * @throws UserError with all problems of those files
 */
export async function promotionSources(
  directory: string,
  { github, stack: own }: Settings,
): Promise<readonly PromotionSource[]> {
  const read = await Promise.all(
    (github?.promotesFrom ?? []).map((stack) =>
      stack === own ? { problems: [ownStack(own)] } : sourceOf(directory, stack),
    ),
  );
  const problems = read.flatMap((one) => ("problems" in one ? one.problems : []));
  if (problems.length > 0) throw new UserError(problems);
  return read.flatMap((one) => ("problems" in one ? [] : [one]));
}

function ownStack(stack: string): Problem {
  return {
    code: "same-stack",
    where: stackFile(stack),
    key: "slipway:github.promotesFrom",
    value: stack,
    message: "is this stack itself",
    fix: "name the stack that tests the images first",
  };
}

async function sourceOf(
  directory: string,
  stack: string,
): Promise<PromotionSource | { readonly problems: readonly Problem[] }> {
  const [settings, catalogue] = await Promise.all([
    loadSettings(directory, stack),
    loadCatalogue(directory, stack),
  ]);
  if (!("value" in settings) || !("value" in catalogue)) {
    return { problems: [...problemsIn(settings), ...problemsIn(catalogue)] };
  }
  const { aws, services: selectors } = settings.value;
  // With several allowed accounts, the stack's own account is unknown.
  const [account, ...others] = aws.allowedAccountIds ?? [];
  return {
    stack,
    region: aws.region,
    account: others.length === 0 ? account : undefined,
    repositories: selectServices(catalogue.value, selectors).services.map((service) =>
      repositoryName(settings.value, service),
    ),
  };
}
