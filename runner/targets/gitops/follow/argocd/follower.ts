import { isAbort } from "../../../../../config/problems/abort.ts";
import { firstLine } from "../../../../../config/problems/first-line.ts";
import type { ArgocdSettings } from "../../../../../config/targets/gitops/follow.ts";
import type { Clock } from "../../../poll.ts";
import type { Follower, Sighting } from "../follower.ts";
import { together } from "../verdict.ts";
import { type Application, type ApplicationResource, revisionsOf } from "./application.ts";
import { openReader } from "./open.ts";
import type { ApplicationReader } from "./reader.ts";
import { isWorkload, nameOf } from "./resources.ts";
import { readsElsewhere } from "./revision.ts";
import { judgeApplication } from "./verdict.ts";

export interface FollowerOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** What is there is taken as it is: nobody looks again, and nothing is asked for. */
  readonly once?: boolean;
}

const mostMessages = 6;

/** Follows the Applications of Argo CD that deploy the manifests, as one step. */
export function followArgocd(
  settings: ArgocdSettings,
  { signal, clock, log, once = false }: FollowerOptions,
  reader: ApplicationReader = openReader(settings, { signal, clock }),
): Follower {
  const { application: name, selector } = settings;
  /** When Argo CD had compared each, as we saw it first: what it says since then is about our commit. */
  const firstReconciled = new Map<string, string | undefined>();
  let seen: readonly Application[] = [];
  let isRefused = false;
  const refresh: Follower["refresh"] = async (kind) => {
    if (isRefused) return;
    try {
      await Promise.all(seen.map((one) => reader.refresh(one, kind)));
    } catch (error) {
      if (isAbort(error)) throw error;
      isRefused = true;
      log(`Argo CD was not asked for a refresh, and compares by itself: ${firstLine(error)}`);
    }
  };
  return {
    name: name === undefined ? `Argo CD, Applications ${selector}` : `Argo CD, Application ${name}`,
    refresh,
    async look() {
      seen = await reader.read();
      for (const { metadata, status } of seen) {
        if (!firstReconciled.has(metadata.name)) firstReconciled.set(metadata.name, status.reconciledAt);
      }
      const sights = await Promise.all(
        seen.map(async (application) => ({
          application: await withHealths(application, reader),
          closedWindow: mayBeClosed(application) ? await reader.closedWindow(application) : undefined,
          isRefreshed: once || isRefreshed(application, firstReconciled),
        })),
      );
      return sightingOf(sights, selector);
    },
    async faults(place) {
      const applications = await reader.read();
      if (applications.length === 0) {
        return [
          { message: `no Application has the labels ${selector}`, fix: "correct follow.argocd.selector" },
        ];
      }
      return applications.flatMap((application) => {
        const fault = readsElsewhere(application, place);
        if (fault === undefined) return [];
        const message = `Application ${application.metadata.name}: ${fault}`;
        return [{ message, fix: "correct follow, or repository and branch of the target" }];
      });
    },
    async evidence(delivered) {
      const unwell = seen.filter(
        (one) =>
          one.status.health?.status !== "Healthy" ||
          one.status.sync?.status !== "Synced" ||
          seen.length === 1,
      );
      const all = await Promise.all(
        unwell.slice(0, 3).map(async (plain) => {
          const application = await withHealths(plain, reader);
          const prefix = seen.length > 1 ? `${application.metadata.name}: ` : "";
          const suspects = suspectsOf(application);
          const facts = factsOf(application, suspects).map((line) => `${prefix}${line}`);
          return [...facts, ...(await reader.podEvidence(application, suspects, delivered))];
        }),
      );
      return [...new Set(all.flat())];
    },
  };
}

interface Sight {
  readonly application: Application;
  readonly closedWindow: string | undefined;
  readonly isRefreshed: boolean;
}

function sightingOf(sights: readonly Sight[], selector: string | undefined): Sighting {
  return {
    revisions: [...new Set(sights.flatMap(({ application }) => revisionsOf(application)))],
    judge: (delivered) =>
      sights.length === 0
        ? { kind: "failing", reason: `no Application has the labels ${selector}`, graceSeconds: 20 }
        : together(
            sights.map(({ application, ...sight }) => ({
              name: application.metadata.name,
              verdict: judgeApplication(application, delivered, sight),
            })),
          ),
  };
}

function isRefreshed(
  { metadata, status }: Application,
  first: ReadonlyMap<string, string | undefined>,
): boolean {
  const isAsked = metadata.annotations?.["argocd.argoproj.io/refresh"] !== undefined;
  return !isAsked && status.reconciledAt !== undefined && status.reconciledAt !== first.get(metadata.name);
}

/** Whether a window can be why nothing happens: it differs, and no sync runs. */
function mayBeClosed({ status }: Application): boolean {
  return status.sync?.status === "OutOfSync" && status.operationState?.phase !== "Running";
}

/** Argo CD 3 keeps the health of resources out of the Application unless it is told otherwise. */
async function withHealths(application: Application, reader: ApplicationReader): Promise<Application> {
  const { resources = [], health } = application.status;
  const lacks = resources.some((one) => isWorkload(one) && one.health?.status === undefined);
  if (!lacks || health?.status === "Healthy") return application;
  const healths = new Map(
    (await reader.healths(application)).map((one) => [`${one.namespace}/${nameOf(one)}`, one.health]),
  );
  return {
    ...application,
    status: {
      ...application.status,
      resources: resources.map((one) => {
        const found = one.health ?? healths.get(`${one.namespace}/${nameOf(one)}`);
        return found === undefined ? one : { ...one, health: found };
      }),
    },
  };
}

/** Resources that are not well. */
function suspectsOf({ status }: Application): readonly ApplicationResource[] {
  const resources = status.resources ?? [];
  const unwell = resources.filter(
    (one) => one.health?.status !== undefined && one.health.status !== "Healthy",
  );
  return unwell.length > 0 ? unwell : resources.filter(isWorkload);
}

/** What the Application itself says of a failure. */
function factsOf({ status }: Application, suspects: readonly ApplicationResource[]): readonly string[] {
  const failed = (status.operationState?.syncResult?.resources ?? [])
    .filter((one) => one.status === "SyncFailed" || one.hookPhase === "Failed" || one.hookPhase === "Error")
    .map((one) => `${nameOf(one)}: ${one.message ?? one.status ?? one.hookPhase}`);
  const unwell = suspects
    .filter((one) => one.health?.status !== undefined && one.health.status !== "Healthy")
    .map(
      (one) => `${nameOf(one)}: ${one.health?.status}${one.health?.message ? `: ${one.health.message}` : ""}`,
    );
  const conditions = (status.conditions ?? [])
    .filter(({ type }) => type.endsWith("Error"))
    .map(({ type, message }) => `${type}: ${message}`);
  return [...failed, ...unwell, ...conditions].slice(0, mostMessages);
}
