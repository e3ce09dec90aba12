import pMap from "p-map";
import { serviceNamed } from "../../../config/catalogue/by-name.ts";
import { loadWaivers } from "../../../config/description/waivers.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { type FindingSeverity, findingsPolicy, gatesSchema } from "../../../config/stack/gates.ts";
import { openOrigins } from "../../findings/origin/assign.ts";
import { scanImage } from "../../findings/scan.ts";
import { vexOf } from "../../gates/vex.ts";
import { waiverNotices } from "../../gates/waivers.ts";
import { imageNamed, namedImages } from "../../history/named-images.ts";
import { readReleases } from "../../history/read.ts";
import { type Image, shortDigest } from "../../registry/image.ts";
import { isSuccessful } from "../../release/history.ts";
import type { Step } from "../../report/events.ts";
import type { Session } from "../../session/session.ts";
import { documentHead } from "../../session/where.ts";
import type { ScanDocument } from "./document.ts";
import { outcomeOfScan, reportImage } from "./report.ts";

export interface ScanRequest {
  /** A tag or digest; default: the newest released image. */
  readonly image: string | undefined;
  /** Whether to scan every image that the services' targets run. */
  readonly inUse: boolean;
  readonly failOn: FindingSeverity | undefined;
}

/** Images that are scanned at the same time; each has several platforms. */
const parallelImages = 4;

/**
 * The findings of images of the session's services, platform by platform. Starts a scan where there is none and
 * the registry's mode allows it, and waits for it as long as the stack's gate would.
 *
 * @throws UserError `unknown-image` when `--image` names one that no repository has
 */
export async function scanServices(session: Session, request: ScanRequest): Promise<ScanDocument> {
  const { timeline, settings, directory, catalogue, signal } = session;
  if (request.image !== undefined && request.inUse) {
    throw new UserError({
      code: "wrong-usage",
      where: "--image",
      value: request.image,
      message: "excludes --in-use",
      fix: "give one of the two",
    });
  }
  const waivers = await loadWaivers(directory, catalogue);
  const limits = findingsPolicy(settings.gates ?? gatesSchema.parse({})) ?? gatesSchema.parse({}).findings;
  const found = await timeline.run({ id: "images", title: "Look for the images" }, (step) =>
    imagesOf(session, request, step),
  );
  const now = new Date();
  const images = found.flatMap((one) => ("image" in one ? [one.image] : []));
  const originsOf = openOrigins(session, limits);
  const reports = await timeline.run({ id: "scan", title: "Read the findings" }, () =>
    pMap(
      images,
      async (image) => {
        const [scans, vex] = await Promise.all([
          scanImage(session, image, limits),
          vexOf(session, image, limits.vex),
        ]);
        const origins = await originsOf(image, scans);
        const dockerfile = serviceNamed(catalogue.services, image.service)?.dockerfile ?? "Dockerfile";
        const about = { ...image, dockerfile, origins };
        return { ...reportImage(about, scans, waivers, now, vex.claim), notices: vex.notices };
      },
      { concurrency: parallelImages, signal },
    ),
  );
  const scanned = reports.map(({ image }) => image);
  const used = new Set(reports.flatMap((report) => [...report.used]));
  const isWhole = request.image === undefined && session.services.length === catalogue.services.length;
  return {
    ...documentHead(session, "scan"),
    outcome: outcomeOfScan(scanned, request.failOn),
    images: scanned,
    withoutImage: found.flatMap((one) => ("reason" in one ? [one] : [])),
    notices: [
      ...reports.flatMap((report) => report.notices),
      ...waiverNotices(isWhole ? waivers : [...used], used, now),
    ],
  };
}

type Found = { readonly image: Image } | { readonly service: string; readonly reason: string };

async function imagesOf(session: Session, request: ScanRequest, step: Step): Promise<readonly Found[]> {
  if (request.image !== undefined) return namedImages(session, request.image);
  const all = await readReleases(session, { running: request.inUse, step });
  const found = await pMap(
    all,
    async ({ service, releases, running }): Promise<readonly Found[]> => {
      const released = releases.find(isSuccessful)?.image;
      const wanted = request.inUse ? running : released === undefined ? [] : [released];
      if (wanted.length === 0) {
        const reason = request.inUse ? "no target runs an image of it" : "it has no successful release";
        return [{ service: service.name, reason }];
      }
      return pMap(wanted, async (digest): Promise<Found> => {
        const image = await imageNamed(session, service, digest);
        const reason = `its repository does not have ${shortDigest(digest)}`;
        return image === undefined ? { service: service.name, reason } : { image };
      });
    },
    { concurrency: 8 },
  );
  return found.flat();
}
