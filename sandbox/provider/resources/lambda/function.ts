import {
  type Architecture,
  type FunctionConfiguration,
  type GetFunctionResponse,
  Lambda,
  type PackageType,
  paginateListVersionsByFunction,
  type TracingMode,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import type { lambda } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { compact } from "../../property.ts";
import { defineResource, type InputsOf } from "../../resource.ts";
import { allTags, tagChanges } from "../../tags.ts";

type Inputs = InputsOf<lambda.FunctionArgs>;

const client = (context: AwsContext) => context.client(Lambda, "lambda");
const waiter = (context: AwsContext) => ({
  client: client(context),
  maxWaitTime: 300,
  minDelay: 1,
  maxDelay: 5,
  abortSignal: context.signal,
});

/** Inputs that UpdateFunctionConfiguration takes. */
const configurationInputs = [
  "deadLetterConfig",
  "description",
  "environment",
  "ephemeralStorage",
  "imageConfig",
  "kmsKeyArn",
  "loggingConfig",
  "memorySize",
  "role",
  "timeout",
  "tracingConfig",
  "vpcConfig",
] as const satisfies readonly (keyof lambda.FunctionArgs)[];

/** Functions that are container images. Code from archives is not covered. */
export const lambdaFunction = defineResource<lambda.FunctionArgs, lambda.Function>()({
  token: "aws:lambda/function:Function",
  inputs: {
    architectures: { on: "update", fallback: ["x86_64"] },
    capacityProviderConfig: "unsupported",
    code: "unsupported",
    codeSha256: "unsupported",
    codeSigningConfigArn: "unsupported",
    deadLetterConfig: { on: "update", keys: ["targetArn"] },
    description: "update",
    durableConfig: "unsupported",
    environment: { on: "update", keys: ["variables"] },
    ephemeralStorage: { on: "update", computed: true, keys: ["size"] },
    fileSystemConfig: "unsupported",
    handler: "unsupported",
    imageConfig: { on: "update", keys: ["commands", "entryPoints", "workingDirectory"] },
    imageUri: "update",
    kmsKeyArn: "update",
    layers: "unsupported",
    loggingConfig: {
      on: "update",
      computed: true,
      keys: ["applicationLogLevel", "logFormat", "logGroup", "systemLogLevel"],
    },
    memorySize: { on: "update", fallback: 128 },
    name: "replace",
    packageType: { on: "replace", fallback: "Zip" },
    publish: { on: "update", local: true, fallback: false },
    publishTo: "unsupported",
    region: { on: "replace", computed: true },
    replaceSecurityGroupsOnDestroy: "unsupported",
    replacementSecurityGroupIds: "unsupported",
    reservedConcurrentExecutions: { on: "update", fallback: -1 },
    role: "update",
    runtime: "unsupported",
    s3Bucket: "unsupported",
    s3Key: "unsupported",
    s3ObjectVersion: "unsupported",
    skipDestroy: { on: "update", local: true, fallback: false },
    snapStart: "unsupported",
    sourceCodeHash: "unsupported",
    sourceKmsKeyArn: "unsupported",
    tags: "update",
    tenancyConfig: "unsupported",
    timeout: { on: "update", fallback: 3 },
    tracingConfig: { on: "update", computed: true, keys: ["mode"] },
    useResourceTimeoutForPropagation: "unsupported",
    vpcConfig: { on: "update", keys: ["ipv6AllowedForDualStack", "securityGroupIds", "subnetIds"] },
  },
  computed: {
    arn: "stable",
    invokeArn: "stable",
    lastModified: "changes",
    qualifiedArn: "changes",
    qualifiedInvokeArn: "changes",
    responseStreamingInvokeArn: "stable",
    signingJobArn: "stable",
    signingProfileVersionArn: "stable",
    sourceCodeSize: "changes",
    version: "changes",
  },
  autoName: "name",
  validate: ({ packageType, imageUri }) =>
    packageType === "Image" && imageUri !== undefined
      ? []
      : [
          {
            property: "packageType",
            reason: 'only functions with packageType "Image" and an imageUri are covered',
          },
        ],

  async create(inputs, context) {
    const { FunctionName } = await client(context).createFunction({
      FunctionName: inputs.name,
      PackageType: inputs.packageType as PackageType,
      Code: { ImageUri: inputs.imageUri },
      Architectures: inputs.architectures as Architecture[] | undefined,
      ...configurationOf(inputs),
      Role: inputs.role,
      Publish: inputs.publish ?? false,
      Tags: { ...allTags(inputs.tags, context) },
    });
    const name = FunctionName ?? inputs.name ?? "";
    const reserved = inputs.reservedConcurrentExecutions ?? -1;
    if (reserved >= 0) {
      await client(context).putFunctionConcurrency({
        FunctionName: name,
        ReservedConcurrentExecutions: reserved,
      });
    }
    return name;
  },

  async settle(id, _inputs, context) {
    await waitUntilFunctionActiveV2(waiter(context), { FunctionName: id });
    await waitUntilFunctionUpdatedV2(waiter(context), { FunctionName: id });
  },

  async read(id, _previous, context) {
    const live = await unlessGone(
      client(context).getFunction({ FunctionName: id }),
      "ResourceNotFoundException",
    );
    if (live?.Configuration === undefined) return undefined;
    const version = await latestVersion(id, context);
    return { id, outputs: outputsOf(live, live.Configuration, version, context) };
  },

  async update(FunctionName, { inputs, previous, changed }, context) {
    const functions = client(context);
    const updated = () => waitUntilFunctionUpdatedV2(waiter(context), { FunctionName });
    const configuration = configurationInputs.some((each) => changed.has(each));
    const code = changed.has("imageUri") || changed.has("architectures");
    // An update during an update is refused.
    if (configuration || code) await updated();
    if (configuration) {
      await functions.updateFunctionConfiguration({
        FunctionName,
        Role: inputs.role,
        ...configurationOf(inputs),
      });
      await updated();
    }
    if (code) {
      const Architectures = (inputs.architectures ?? ["x86_64"]) as Architecture[];
      await functions.updateFunctionCode({ FunctionName, ImageUri: inputs.imageUri, Architectures });
      await updated();
    }
    if (changed.has("reservedConcurrentExecutions")) {
      const reserved = inputs.reservedConcurrentExecutions ?? -1;
      if (reserved < 0) await functions.deleteFunctionConcurrency({ FunctionName });
      else await functions.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: reserved });
    }
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      if (remove.length > 0) await functions.untagResource({ Resource: previous.arn, TagKeys: remove });
      if (Object.keys(set).length > 0)
        await functions.tagResource({ Resource: previous.arn, Tags: { ...set } });
    }
    if (inputs.publish && (configuration || code || changed.has("publish"))) {
      await functions.publishVersion({ FunctionName });
    }
  },

  async delete(FunctionName, { skipDestroy }, context) {
    if (skipDestroy) return;
    await unlessGone(client(context).deleteFunction({ FunctionName }), "ResourceNotFoundException");
  },
});

/** The part of a function that creating it and changing its configuration say the same way. */
function configurationOf(inputs: Inputs) {
  const { imageConfig: image, loggingConfig: logging, vpcConfig: vpc } = inputs;
  return {
    Description: inputs.description ?? "",
    Environment: { Variables: { ...inputs.environment?.variables } },
    MemorySize: inputs.memorySize ?? 128,
    Timeout: inputs.timeout ?? 3,
    KMSKeyArn: inputs.kmsKeyArn ?? "",
    DeadLetterConfig: inputs.deadLetterConfig && { TargetArn: inputs.deadLetterConfig.targetArn },
    EphemeralStorage:
      inputs.ephemeralStorage?.size === undefined ? undefined : { Size: inputs.ephemeralStorage.size },
    ImageConfig: image && {
      Command: image.commands,
      EntryPoint: image.entryPoints,
      WorkingDirectory: image.workingDirectory,
    },
    LoggingConfig: logging && {
      ApplicationLogLevel: logging.applicationLogLevel as "INFO" | undefined,
      LogFormat: logging.logFormat as "JSON" | "Text",
      LogGroup: logging.logGroup,
      SystemLogLevel: logging.systemLogLevel as "INFO" | undefined,
    },
    TracingConfig: inputs.tracingConfig && { Mode: inputs.tracingConfig.mode as TracingMode },
    VpcConfig: vpc && {
      SubnetIds: vpc.subnetIds,
      SecurityGroupIds: vpc.securityGroupIds,
      Ipv6AllowedForDualStack: vpc.ipv6AllowedForDualStack,
    },
  };
}

function outputsOf(
  live: GetFunctionResponse,
  configuration: FunctionConfiguration,
  version: string,
  { region, partition }: AwsContext,
) {
  const arn = configuration.FunctionArn ?? "";
  const qualifiedArn = `${arn}:${version}`;
  const invoke = (target: string) =>
    `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${target}/invocations`;
  const image = configuration.ImageConfigResponse?.ImageConfig;
  const logging = configuration.LoggingConfig;
  const {
    SubnetIds: subnetIds = [],
    SecurityGroupIds: securityGroupIds = [],
    VpcId: vpcId = "",
  } = configuration.VpcConfig ?? {};
  return {
    architectures: configuration.Architectures ?? ["x86_64"],
    arn,
    codeSha256: configuration.CodeSha256 ?? "",
    deadLetterConfig: configuration.DeadLetterConfig && {
      targetArn: configuration.DeadLetterConfig.TargetArn ?? "",
    },
    description: configuration.Description,
    environment:
      Object.keys(configuration.Environment?.Variables ?? {}).length === 0
        ? undefined
        : { variables: { ...configuration.Environment?.Variables } },
    ephemeralStorage: { size: configuration.EphemeralStorage?.Size ?? 512 },
    imageConfig:
      image &&
      compact({
        commands: image.Command,
        entryPoints: image.EntryPoint,
        workingDirectory: image.WorkingDirectory,
      }),
    imageUri: live.Code?.ImageUri,
    invokeArn: invoke(arn),
    kmsKeyArn: configuration.KMSKeyArn,
    lastModified: configuration.LastModified ?? "",
    loggingConfig: compact({
      applicationLogLevel: logging?.ApplicationLogLevel,
      logFormat: logging?.LogFormat ?? "Text",
      logGroup: logging?.LogGroup ?? "",
      systemLogLevel: logging?.SystemLogLevel,
    }),
    memorySize: configuration.MemorySize,
    name: configuration.FunctionName ?? "",
    packageType: configuration.PackageType,
    qualifiedArn,
    qualifiedInvokeArn: invoke(qualifiedArn),
    reservedConcurrentExecutions: live.Concurrency?.ReservedConcurrentExecutions ?? -1,
    responseStreamingInvokeArn: invoke(arn).replace(/invocations$/, "response-streaming-invocations"),
    role: configuration.Role ?? "",
    signingJobArn: configuration.SigningJobArn ?? "",
    signingProfileVersionArn: configuration.SigningProfileVersionArn ?? "",
    sourceCodeSize: configuration.CodeSize ?? 0,
    tagsAll: { ...live.Tags },
    timeout: configuration.Timeout,
    tracingConfig: { mode: configuration.TracingConfig?.Mode ?? "PassThrough" },
    version,
    vpcConfig: subnetIds.length === 0 ? undefined : { securityGroupIds, subnetIds, vpcId },
  };
}

/** The newest published version, or `$LATEST` when none was ever published. */
async function latestVersion(FunctionName: string, context: AwsContext): Promise<string> {
  let latest = "$LATEST";
  const pages = paginateListVersionsByFunction({ client: client(context) }, { FunctionName });
  for await (const { Versions } of pages) {
    for (const { Version = "$LATEST" } of Versions ?? []) {
      if (latest === "$LATEST" || Number(Version) > Number(latest)) latest = Version;
    }
  }
  return latest;
}
