import pMap from "p-map";
import { neededBy } from "../../../config/description/needs.ts";
import { repositoryName } from "../../../config/names.ts";
import { basesMoved } from "../../bases/bases-since.ts";
import type { OutdatedDocument, OutdatedService } from "../../bases/outdated.ts";
import { readSource } from "../../bases/source-record.ts";
import { type DeployRequest, deploy } from "../../deploy/deploy.ts";
import { servicesToMove } from "../../history/read.ts";
import { hashChosenSources } from "../../plan/compare.ts";
import { onlyPlatform } from "../../registry/image.ts";
import { findImageBySource } from "../../registry/lookup.ts";
import type { Session } from "../../session/session.ts";
import type { Rebuilt } from "./document.ts";
import { chooseRebuilds } from "./select.ts";

/**
 * Builds the services whose base images have moved, and deploys them as `slipway deploy` does: from the source
 * that runs, and from no other. A checkout with another source of a service would deploy a change that nobody asked
 * for; such a service is left out.
 *
 * @returns what was done; the deployment is absent when there was nothing to build
 * @throws UserError as a deployment does
 */
export async function rebuildOutdated(
  session: Session,
  { services }: OutdatedDocument,
  request: DeployRequest,
): Promise<Rebuilt> {
  const { timeline, catalogue } = session;
  if (services.every(({ moved }) => moved.length === 0)) return { services: [], skipped: [] };
  const hashes = await timeline.run(
    { id: "compare", title: "Compare the sources with what runs" },
    async () => {
      const sources = await hashChosenSources(session);
      return new Map([...sources].map(([name, { hash }]) => [name, hash]));
    },
  );
  const needs = new Map(catalogue.services.map((service) => [service.name, neededBy(service)]));
  const { names, skipped } = chooseRebuilds(services, hashes, needs);
  if (names.length === 0) return { services: [], skipped };
  const missing = await withoutBuilt(session, names, services);
  const narrowed = { ...session, services: servicesToMove(session, names) };
  const deployment = await deploy(narrowed, { ...request, rebuild: new Set(missing) });
  return { services: names, skipped, deployment };
}

/**
 * Leaves out what is built already: an earlier run that ended before it moved the targets, or another stack that
 * shares the repository, has pushed an image of this source on the newest base image.
 */
async function withoutBuilt(
  session: Session,
  names: readonly string[],
  services: readonly OutdatedService[],
): Promise<readonly string[]> {
  const { clients, registry, settings, catalogue, signal } = session;
  const known = new Map(services.map((one) => [one.service, one]));
  const missing = await pMap(
    catalogue.services.filter(({ name }) => names.includes(name)),
    async (service) => {
      const { sourceHash, digest } = known.get(service.name) ?? {};
      if (sourceHash === undefined) return [service.name];
      const repository = repositoryName(settings, service);
      const { platform } = onlyPlatform(service.platforms);
      const { name } = service;
      const image = await findImageBySource(
        clients,
        repository,
        registry,
        name,
        sourceHash,
        signal,
        platform,
      );
      if (image === undefined || image.digest === digest) return [name];
      const source = await readSource(clients, repository, image.digest, signal);
      if (source === undefined) return [name];
      const since = await basesMoved(session, source);
      return since.moved.length === 0 && since.unknown.length === 0 ? [] : [name];
    },
    { concurrency: 8, signal },
  );
  return missing.flat();
}
