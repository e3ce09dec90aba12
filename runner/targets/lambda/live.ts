import { GetFunctionCommand } from "@aws-sdk/client-lambda";
import pMap from "p-map";
import { listAliases } from "../../aws/function-aliases.ts";
import { parallelReads, type ReadContext } from "../image-use.ts";
import type { LiveTarget } from "../live.ts";
import { imageFunctions } from "./in-use.ts";

/** A Lambda function that runs an image. */
export interface LiveFunction {
  readonly function: string;
  readonly image: string;
  readonly architecture: LiveTarget["architecture"];
  readonly aliases: readonly string[];
}

/** All functions in the account and region that run an image. Read-only. */
export async function liveInLambda(context: ReadContext): Promise<readonly LiveTarget[]> {
  const { clients, signal } = context;
  const functions = await pMap(
    await imageFunctions(context),
    async ({ FunctionName: name = "", Architectures }): Promise<LiveFunction> => {
      const [answer, aliases] = await Promise.all([
        clients.lambda.send(new GetFunctionCommand({ FunctionName: name }), { abortSignal: signal }),
        listAliases(clients, name, signal),
      ]);
      return {
        function: name,
        image: answer.Code?.ImageUri ?? "",
        architecture: Architectures?.[0] === "arm64" ? "arm64" : "amd64",
        aliases: aliases.flatMap((alias) => alias.Name ?? []),
      };
    },
    { concurrency: parallelReads, signal },
  );
  return functions.map(liveFunction);
}

/** A function as a target that can be proposed. */
export function liveFunction(one: LiveFunction): LiveTarget {
  const [alias, ...others] = one.aliases;
  return {
    title: `Lambda function ${one.function}`,
    place: `lambda ${one.function}`,
    image: one.image,
    architecture: one.architecture,
    names: [one.function],
    propose: (_service, forStacks) => ({
      title: `lambda ${forStacks(one.function)}`,
      target: {
        kind: "lambda",
        function: forStacks(one.function),
        // With several aliases, nothing says which one callers use. The default is then written, and a note
        // in the file explains it.
        ...(alias !== undefined && others.length === 0 && alias !== "live" && { alias }),
      },
    }),
  };
}
