import { UserError } from "../../config/problems/errors.ts";

/**
 * Throws if git refuses to read a repository because another user owns it. Git exits in the same way as
 * without a repository. It happens in containers, where the job's user does not own the checkout.
 *
 * @throws UserError `foreign-repository`, with what makes git trust it
 */
export function assertNotRefused(error: unknown, directory: string): void {
  const text = error instanceof Error ? error.message : String(error);
  // The name of the setting is in the message whatever language git speaks.
  const repository = /--add safe\.directory (.+)/.exec(text)?.[1]?.trim();
  if (repository === undefined) return;
  throw new UserError(
    {
      code: "foreign-repository",
      where: directory,
      message: "git refuses to read this repository because it belongs to another user",
      fix: `if you trust it, run: git config --global --add safe.directory ${repository}`,
    },
    { cause: error },
  );
}
