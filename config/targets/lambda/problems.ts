import type { TargetPlace, TargetProblem } from "../target.ts";
import type { LambdaTarget } from "./target.ts";

/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const name = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * A function that is not given by its name alone. Lambda also takes an ARN, the account and the name, and
 * each with a version or an alias behind it; the same function would then have many names.
 */
export function lambdaProblems(target: LambdaTarget, { key }: TargetPlace): TargetProblem[] {
  if (name.test(target.function)) return [];
  const [, plain, qualifier] =
    /^(?:(?:arn:[^:]+:lambda:[^:]*:)?\d{12}:function:)?([A-Za-z0-9_-]{1,64})(?::([A-Za-z0-9_$-]+))?$/.exec(
      target.function,
    ) ?? [];
  const alias =
    qualifier === undefined || /^(\d+|\$LATEST)$/.test(qualifier) ? "" : ` and alias: ${qualifier}`;
  return [
    {
      code: "not-a-name",
      key: `${key}.function`,
      value: target.function,
      message: "is not the name of a function alone: 1 to 64 letters, digits, - and _",
      fix:
        plain === undefined
          ? "use the name only; the alias has its own key"
          : `write function: ${plain}${alias}`,
    },
  ];
}
