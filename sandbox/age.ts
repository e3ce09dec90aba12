import { request } from "undici";
import { z } from "zod";
import { UserError } from "../config/problems/errors.ts";
import { type Aged, type AgeRequest, agedSchema, ageRequestSchema } from "./ecr/ages/request.ts";
import { agesPath } from "./ecr/paths.ts";
import { sandboxFolder } from "./folder.ts";
import { ecrEndpoint, readState } from "./state.ts";

/**
 * What the options of `sandbox age` ask for.
 *
 * @throws UserError for none or several of them, and for numbers that can't be
 */
export function imagesOf({
  days,
  over,
  image,
  pulledDays,
}: {
  readonly days: number | undefined;
  readonly over: number | undefined;
  readonly image: string | undefined;
  readonly pulledDays: number | undefined;
}): AgeRequest["images"] {
  if ((days === undefined) === (over === undefined)) {
    throw usage("--days", days, "is needed, or --over", "give one of them: --days 90");
  }
  if (over !== undefined && (image ?? pulledDays) !== undefined) {
    throw usage("--over", over, "is for all images of the repository", "leave out --image and --pulled-days");
  }
  const images =
    over === undefined
      ? [
          {
            ...(image !== undefined && { image }),
            pushedDaysAgo: days,
            ...(pulledDays !== undefined && { pulledDaysAgo: pulledDays }),
          },
        ]
      : { over };
  const parsed = ageRequestSchema.shape.images.safeParse(images);
  if (parsed.success) return parsed.data;
  const where = over === undefined ? "--days" : "--over";
  throw usage(where, over ?? days, z.prettifyError(parsed.error), "give days before now, such as 90");
}

/**
 * Gives images of the sandbox's registry dates in the past, until `sandbox reset` or another push of the same image.
 * Platforms and artifacts get those of the image that they belong to.
 *
 * @throws UserError if the sandbox is not up, or has no such repository or image
 */
export async function ageSandboxImages(
  asked: AgeRequest,
  { root, signal }: { readonly root: string; readonly signal: AbortSignal },
): Promise<Aged> {
  const state = await readState(sandboxFolder(root).state);
  if (state?.parts.registry === undefined) {
    throw new UserError({
      code: "sandbox-down",
      message: "the sandbox is not up",
      fix: "slipway sandbox up",
    });
  }
  const { statusCode, body } = await request(`${ecrEndpoint(state)}${agesPath}`, {
    method: "POST",
    body: JSON.stringify(asked),
    signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
  });
  const text = await body.text();
  if (statusCode === 200) return agedSchema.parse(JSON.parse(text));
  const said = z.object({ message: z.string() }).safeParse(jsonOf(text)).data?.message;
  if (statusCode === 400 && said !== undefined) {
    throw usage(asked.repository, undefined, said, "slipway images shows what the repositories hold");
  }
  // The part that answers is of an older Slipway, and passes on what it does not know.
  throw usage("sandbox", undefined, "gives no image another date", "slipway sandbox down, then up");
}

function usage(where: string, value: number | undefined, message: string, fix: string): UserError {
  return new UserError({
    code: "wrong-usage",
    where,
    ...(value !== undefined && { value: String(value) }),
    message,
    fix,
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
