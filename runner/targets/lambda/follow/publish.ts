import { PublishVersionCommand } from "@aws-sdk/client-lambda";
import { UserError } from "../../../../config/problems/errors.ts";
import { isAwsError } from "../../../aws/errors.ts";
import { sameDigest } from "../plan.ts";
import { waitUntilUpdated } from "../update.ts";
import { type FunctionUpdate, withoutConflict } from "./until.ts";

/** Times that somebody else's change between reading and publishing is put up with. */
const publishAttempts = 3;

/**
 * Publishes what $LATEST is, once its update went through, guarded so that it is our image and no
 * other that gets the number. Publishing without a change gives the version that there is: no error.
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
            // Empty for images in places: then the revision alone guards.
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
      message: "somebody else updated the function meanwhile: it has another image now",
      fix: "deploy again when the other deployment is over; the alias was not moved",
    },
    { exitCode: 1 },
  );
}
