import { BatchGetImageCommand, ECRClient } from "@aws-sdk/client-ecr";
import {
  type AliasConfiguration,
  CreateAliasCommand,
  GetAliasCommand,
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  LambdaClient,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  type UpdateAliasCommandInput,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import type { LambdaTarget } from "../../../../config/targets/lambda/target.ts";
import { createLambdaKind } from "../../../../runner/targets/lambda/kind.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { manifestText, ociManifest } from "../../registry/fixtures.ts";
import { awsError, fakeClock, fakeContext, image, sha } from "../fakes.ts";

/** A Lambda that has the function `pay`: `live` is on version 4, and version 5 is what gets published. */
export let lambda = mockClient(LambdaClient);
let ecr = mockClient(ECRClient);

export const target: LambdaTarget = {
  kind: "lambda",
  function: "pay",
  alias: "live",
  timeoutSeconds: 60,
  order: 0,
};
export const ref = (letter: string) => `localhost:5000/shop/ui@${sha(letter)}`;

type Configuration = NonNullable<GetFunctionCommandOutput["Configuration"]>;

export function fn(letter: string, more: Configuration = {}) {
  return {
    Configuration: {
      FunctionName: "pay",
      PackageType: "Image" as const,
      Architectures: ["x86_64" as const],
      State: "Active" as const,
      LastUpdateStatus: "Successful" as const,
      RevisionId: "r1",
      CodeSha256: letter.repeat(64),
      Version: "$LATEST",
      ...more,
    },
    Code: { ResolvedImageUri: ref(letter) },
  };
}

/** One answer for $LATEST after the other; the last one stays. */
let answers: ReturnType<typeof fn>[] = [];
export function latest(...next: ReturnType<typeof fn>[]) {
  answers = next;
  lambda
    .on(GetFunctionCommand, { FunctionName: "pay" }, true)
    .callsFake(() => Promise.resolve(answers.length > 1 ? answers.shift() : answers[0]));
}

/** Where `live` is; UpdateAlias moves it. */
let place: AliasConfiguration = {};
let revisions = 0;

/** Moves `live` as somebody else would: under another revision. Returns what AWS would answer. */
export function aliasIs(version: string, weights: Readonly<Record<string, number>> = {}): AliasConfiguration {
  place = {
    FunctionVersion: version,
    RevisionId: `alias-${++revisions}`,
    ...(Object.keys(weights).length === 0 ? {} : { RoutingConfig: { AdditionalVersionWeights: weights } }),
  };
  return place;
}

/** Where `live` is now. */
export const aliasNow = (): AliasConfiguration => ({ Name: "live", ...place });

/** What UpdateAlias does: refuses a revision that is not the alias' own. */
export function updateAlias({ FunctionVersion = "", RoutingConfig, RevisionId }: UpdateAliasCommandInput) {
  if (RevisionId !== undefined && RevisionId !== place.RevisionId) {
    return Promise.reject(awsError("PreconditionFailedException"));
  }
  return Promise.resolve(aliasIs(FunctionVersion, RoutingConfig?.AdditionalVersionWeights));
}

export function startAnew(): void {
  // Made anew, as the file before has taken its own away.
  lambda = mockClient(LambdaClient);
  ecr = mockClient(ECRClient);
  lambda.on(GetFunctionCommand, { Qualifier: "live" }).resolves(fn("0", { Version: "4" }));
  lambda.on(GetFunctionCommand, { Qualifier: "5" }).resolves(fn("a", { Version: "5" }));
  latest(fn("0"), fn("0"), fn("a", { LastUpdateStatus: "InProgress" }), fn("a"));
  aliasIs("4");
  lambda.on(GetAliasCommand).callsFake(() => Promise.resolve(aliasNow()));
  lambda.on(ListVersionsByFunctionCommand).resolves({ Versions: [] });
  lambda.on(UpdateFunctionCodeCommand).resolves({});
  lambda.on(PublishVersionCommand).resolves({ Version: "5" });
  lambda.on(UpdateAliasCommand).callsFake(updateAlias);
  lambda.on(CreateAliasCommand).resolves({});
  holds(manifestText, ociManifest);
}

export function holds(text: string, mediaType: string) {
  ecr.on(BatchGetImageCommand).resolves({
    images: [{ imageId: { imageDigest: sha("a") }, imageManifest: text, imageManifestMediaType: mediaType }],
  });
}

export async function start(wanted = target) {
  const clock = fakeClock();
  const context = fakeContext();
  const kind = createLambdaKind(clock);
  const plan = kind.plan("ui", wanted, await kind.inspect(wanted, context), image);
  const deploy = async () => kind.follow(plan, await kind.apply(plan, image, context), image, context);
  return { clock, context, kind, plan, deploy };
}

/** Names of the calls that change something, in their order. */
export function changes(): string[] {
  return lambda
    .calls()
    .map((call) => call.args[0].constructor.name.replace(/Command$/, ""))
    .filter((name) => !name.startsWith("Get") && !name.startsWith("List"));
}
