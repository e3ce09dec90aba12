import { PublishVersionCommand } from "@aws-sdk/client-lambda";
import { UserError } from "../../../../config/problems/errors.ts";
import { isAwsError } from "../../../aws/errors.ts";
import { sameDigest } from "../plan.ts";
import { waitUntilUpdated } from "../update.ts";
import { type FunctionUpdate, withoutConflict } from "./until.ts";

/** Attempts to publish when someone else changes the function between reading and publishing. */
const publishAttempts = 3;

/**
 * Publishes $LATEST once its update is complete. A guard makes sure that the version gets our image.
 * Without a change since the last version, Lambda returns that version: no error.
 *
 * @returns the version's number
 * @throws UserError `function-overtaken`, `function-update-failed`
 */
export async function publishVersion(update: FunctionUpdate, reference: string): Promise<string> {
  const { clients, signal, target } = update;
  for (let attempt = 1; ; attempt++) {
    const { Configuration: configuration = {}, Code: code } = await waitUntilUpdated(update);
    const running = code?.ResolvedImageUri ?? code?.ImageUri;
    if (!sameDigest(running, reference)) throw overtaken(update, running);
    const { RevisionId: revision, CodeSha256: sha } = configuration;
    try {
      const published = await withoutConflict(update, () =>
        clients.lambda.send(
          new PublishVersionCommand({
            FunctionName: target.function,
            ...(revision === undefined ? {} : { RevisionId: revision }),
            // Sometimes empty for images: then only the revision guards.
            ...(sha === undefined || sha === "" ? {} : { CodeSha256: sha }),
          }),
          { abortSignal: signal },
        ),
      );
      const version = published.Version;
      if (version === undefined) throw new Error("PublishVersion answered without a version");
      await waitUntilUpdated(update, version);
      return version;
    } catch (error) {
      const changed =
        isAwsError(error, "PreconditionFailedException") ||
        (isAwsError(error, "InvalidParameterValueException") && /CodeSHA256|RevisionId/i.test(error.message));
      if (!changed || attempt >= publishAttempts) throw error;
    }
  }
}

function overtaken({ target }: FunctionUpdate, running: string | undefined): UserError {
  return new UserError(
    {
      code: "function-overtaken",
      where: `Lambda function ${target.function}`,
      value: running,
      message: "someone else updated the function: it now has another image",
      fix: "deploy again when the other deployment is over; the alias was not moved",
    },
    { exitCode: 1 },
  );
}
