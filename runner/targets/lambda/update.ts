import {
  CreateFunctionCommand,
  type FunctionConfiguration,
  type GetFunctionCommandOutput,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { imageManifestMediaTypes } from "../../../builder/manifest.ts";
import { UserError } from "../../../config/problems/errors.ts";
import type { Clients } from "../../aws/clients.ts";
import type { Image } from "../../registry/image.ts";
import { getManifest, parseStored } from "../../registry/lookup.ts";
import { type FunctionUpdate, waitFor, withoutConflict } from "./follow/until.ts";
import { getFunction, isSettled } from "./function.ts";
import { platformOf, sameDigest } from "./plan.ts";

/**
 * Makes sure that a digest is what Lambda takes: one platform's image manifest, no index.
 *
 * @throws UserError `lambda-manifest`
 */
export async function assertManifest(
  clients: Clients,
  image: Image,
  digest: string,
  architecture: string,
  signal: AbortSignal,
): Promise<void> {
  const stored = await getManifest(clients, image.repository, { imageDigest: digest }, signal);
  const problem = (message: string) =>
    new UserError(
      {
        code: "lambda-manifest",
        where: `${image.repository}@${digest}`,
        message,
        fix: `build the image for ${platformOf(architecture)} without attestations, and deploy again`,
      },
      { exitCode: 1 },
    );
  if (stored === undefined) throw problem("the manifest for the function is not in the registry");
  const parsed = parseStored(image.repository, stored);
  const mediaType = stored.mediaType ?? parsed.mediaType ?? "";
  if (parsed.kind === "index" || !imageManifestMediaTypes.includes(mediaType)) {
    throw problem(`Lambda takes the manifest of one platform only, and this is ${mediaType || "an index"}`);
  }
}

/**
 * Sets the function's code to an image, once no other update is in its way. Nothing is published.
 *
 * @returns false when $LATEST had it already, from a run that was interrupted
 */
export async function updateCode(update: FunctionUpdate, reference: string): Promise<boolean> {
  const { clients, signal, target } = update;
  const before = await waitUntilIdle(update);
  if (before.Configuration !== undefined && isSettled(before.Configuration)) {
    if (sameDigest(before.Code?.ResolvedImageUri ?? before.Code?.ImageUri, reference)) return false;
  }
  await withoutConflict(update, () =>
    clients.lambda.send(
      new UpdateFunctionCodeCommand({ FunctionName: target.function, ImageUri: reference, Publish: false }),
      { abortSignal: signal },
    ),
  );
  return true;
}

/** Creates the function as the target says. The role may be so new that Lambda has not seen it yet. */
export async function createFunction(update: FunctionUpdate, reference: string): Promise<void> {
  const { clients, signal, target } = update;
  const create = target.create;
  if (create === undefined) throw new Error(`${target.function} has no description to create it from`);
  const command = new CreateFunctionCommand({
    FunctionName: target.function,
    PackageType: "Image",
    Code: { ImageUri: reference },
    Role: create.role,
    Architectures: [create.architecture],
    MemorySize: create.memoryMegabytes,
    Timeout: create.timeoutSeconds,
    ...(create.ephemeralStorageMegabytes === undefined
      ? {}
      : { EphemeralStorage: { Size: create.ephemeralStorageMegabytes } }),
    Publish: false,
    ...(Object.keys(create.environment).length === 0
      ? {}
      : { Environment: { Variables: { ...create.environment } } }),
  });
  await withoutConflict(update, () => clients.lambda.send(command, { abortSignal: signal }));
}

/** Waits until no update is in progress; how the last one ended does not matter. */
async function waitUntilIdle(update: FunctionUpdate): Promise<GetFunctionCommandOutput> {
  return await waitFor(update, "another update of the function to end", async () => {
    const found = await readFunction(update);
    const { State: state, LastUpdateStatus: status } = found.Configuration ?? {};
    return state === "Pending" || status === "InProgress" ? undefined : found;
  });
}

/**
 * Waits until the update went through, and returns the function.
 *
 * @throws UserError `function-update-failed` with Lambda's reason
 */
export async function waitUntilUpdated(
  update: FunctionUpdate,
  qualifier?: string,
): Promise<GetFunctionCommandOutput> {
  const what = qualifier === undefined ? "the function's update" : `version ${qualifier}`;
  return await waitFor(update, `${what} to be ready`, async () => {
    const found = await readFunction(update, qualifier);
    const configuration = found.Configuration ?? {};
    const failure = failureOf(configuration);
    if (failure !== undefined) {
      throw new UserError(
        {
          code: "function-update-failed",
          where: `Lambda function ${update.target.function}`,
          message: failure,
          fix: "fix what Lambda reports, then deploy again; the alias was not moved",
        },
        { exitCode: 1 },
      );
    }
    return isSettled(configuration) ? found : undefined;
  });
}

/** What Lambda says about a failed update or function; undefined when neither failed. */
export function failureOf(configuration: FunctionConfiguration): string | undefined {
  if (configuration.LastUpdateStatus === "Failed") {
    return sentence(
      "the update failed",
      configuration.LastUpdateStatusReasonCode,
      configuration.LastUpdateStatusReason,
    );
  }
  // A function whose creation failed stays in state Failed until an update repairs it.
  if (configuration.State === "Failed" && configuration.LastUpdateStatus !== "InProgress") {
    return sentence(
      "the function is in state Failed",
      configuration.StateReasonCode,
      configuration.StateReason,
    );
  }
  return undefined;
}

function sentence(what: string, code: string | undefined, reason: string | undefined): string {
  const why = [code, reason].filter((part) => part !== undefined && part !== "").join(": ");
  return why === "" ? what : `${what}: ${why}`;
}

async function readFunction(update: FunctionUpdate, qualifier?: string): Promise<GetFunctionCommandOutput> {
  const found = await getFunction(update.clients, update.target.function, qualifier, update.signal);
  if (found !== undefined) return found;
  throw new UserError(
    {
      code: "unknown-function",
      where: `Lambda in ${update.clients.region}`,
      value: update.target.function,
      message: "the function was deleted during the deployment",
      fix: "create it again, then deploy",
    },
    { exitCode: 1 },
  );
}
