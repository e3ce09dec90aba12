import type { ImageDetail } from "@aws-sdk/client-ecr";
import pMap from "p-map";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { isAbort } from "../../config/problems/abort.ts";
import type { StoredImage } from "../../lifecycle/image.ts";
import { outlookOf } from "../../lifecycle/outlook.ts";
import { compileRetention } from "../../lifecycle/retention/compile.ts";
import { listDetails } from "../registry/contents.ts";
import { type Image, shortDigest } from "../registry/image.ts";
import type { Session } from "../session/session.ts";

/** A service whose targets are about to run an image. */
export interface Moving {
  readonly service: Pick<Service, "platforms">;
  readonly image: Image;
}

const day = 86_400_000;

/**
 * Warns of images that targets are about to run although the stack's retention rules take them within
 * `slipway:lifecycleGuard.warnDays`. A tag makes no image younger, so that one that was just promoted can expire the same
 * night. Once it runs, `putKeepTags` keeps it; until then, and if it never comes to that, nothing does.
 *
 * Costs one call of DescribeImages for a thousand images of each repository. Never fails: a repository that can't be
 * read is passed over.
 */
export async function warnOfDue(
  { clients, settings, signal, emit }: Pick<Session, "clients" | "settings" | "signal" | "emit">,
  moving: readonly Moving[],
  now = new Date(),
): Promise<void> {
  const { warnDays } = settings.lifecycleGuard;
  if (warnDays === 0) return;
  const until = new Date(now.getTime() + warnDays * day);
  await pMap(
    moving,
    async ({ service, image }) => {
      try {
        const details = await listDetails(clients, image.repository, signal);
        const policy = compileRetention(settings.retention, 1 + service.platforms.length);
        const images = (details ?? []).flatMap(storedImage);
        const pushedAt = images.find(({ digest }) => digest === image.digest)?.pushedAt;
        // What was just pushed is as young as can be, and a short life may be what was meant.
        if (pushedAt === undefined || now.getTime() - pushedAt.getTime() < day) return;
        const due = outlookOf(policy, images, { now, until }).get(image.digest);
        const span = due?.archives ?? due?.expires;
        if (span === undefined) return;
        const rules = policy.rules.filter(({ rulePriority }) => span.priorities.includes(rulePriority));
        const when = span.first <= now ? "within a day" : `on ${span.first.toISOString().slice(0, 10)}`;
        emit({
          kind: "warning",
          code: "lifecycle-due",
          message: `${image.repository}@${shortDigest(image.digest)} is due to ${due?.archives === undefined ? "expire" : "be archived"} ${when} by the stack's retention rules (${rules.map(({ description }) => description).join("; ")}). Slipway tags it as in use as soon as it runs, and it then stays`,
          fix: "if this run fails, deploy the image again before that, or change slipway:retention",
        });
      } catch (error) {
        if (isAbort(error)) throw error;
        // What is only foretold must not stand in the way of a deployment.
      }
    },
    { concurrency: 16 },
  ).catch((error: unknown) => {
    if (!isAbort(error)) throw error;
  });
}

/**
 * An image as far as DescribeImages tells. Without manifests, each platform counts for itself, as by the reading of
 * ECR's rules that takes the most.
 */
function storedImage({ imageDigest, imageTags = [], imagePushedAt, ...detail }: ImageDetail): StoredImage[] {
  if (imageDigest === undefined || imagePushedAt === undefined) return [];
  const { lastRecordedPullTime: pulledAt, lastActivatedAt: activatedAt } = detail;
  return [
    {
      digest: imageDigest,
      tags: imageTags,
      pushedAt: imagePushedAt,
      children: [],
      ...(pulledAt && { pulledAt }),
      ...(activatedAt && { activatedAt }),
    },
  ];
}
