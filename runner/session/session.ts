import type { Service } from "../../config/catalogue/catalogue.ts";
import type { StackDescription } from "../../config/description/description.ts";
import { loadStack } from "../../config/description/load.ts";
import { withSidecarTargets } from "../../config/description/sidecars.ts";
import { registryHost } from "../../config/names.ts";
import type { Settings } from "../../config/settings.ts";
import { assertAccount, type Caller } from "../aws/account.ts";
import { type Clients, createClients } from "../aws/clients.ts";
import type { Emit } from "../report/events.ts";
import { chooseStack } from "../stack/choose.ts";
import { applyStackEnvironment } from "../stack/environment.ts";
import { chooseServices } from "./services.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

/** The stack and services of a command. */
export interface Selection {
  readonly services: readonly string[];
  readonly all?: boolean;
  readonly stack: string | undefined;
  /** Whether the command only reads images, which credentials of another account may do. Default: false. */
  readonly imagesOnly?: boolean;
  /** Select only services that changed since this commit. */
  readonly since?: string | undefined;
}

/** What a command is about, and what of it has to be here. Each command says so: none reads more than it needs. */
export interface SessionRequest extends Selection {
  /**
   * Whose sources must be there. What only reads AWS and the registry needs none, so that it works in a
   * sparse checkout; what hands over to the stack's program needs those of all services.
   */
  readonly sources: "all" | "chosen" | "none";
}

/** The context of a session. */
export interface SessionContext {
  /** The project directory. */
  readonly directory: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** What every operation on a stack's services uses. */
export interface Session extends StackDescription {
  /** The selected services. */
  readonly services: readonly Service[];
  readonly clients: Clients;
  readonly caller: Caller;
  /** Host (and port) of the registry. */
  readonly registry: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly timeline: Timeline;
}

/**
 * Reads and checks the project's files, and sets the stack's environment variables in this process. The AWS
 * clients, buildx and Pulumi then use the stack's account and backend.
 *
 * @throws UserError with all problems of the files and the selection
 */
export async function openDescription(directory: string, selection: SessionRequest) {
  const stack = await chooseStack(directory, selection.stack);
  const sources = { all: true, none: false, chosen: chosenNames(selection) }[selection.sources];
  const description = await loadStack(directory, stack, { sources });
  const chosen = chooseServices(description.catalogue, selection);
  const services = withSidecarTargets(description.catalogue.services, chosen);
  await applyStackEnvironment(directory, description.settings);
  return { ...description, services };
}

/** The services that were named; without a name, all of them. */
function chosenNames({ services, all = false }: Selection): readonly string[] | true {
  return all || services.length === 0 ? true : services;
}

/**
 * Runs `work` on the selected services of a stack, after checking the credentials against the stack's
 * account guard.
 *
 * @throws UserError also for missing credentials, and for those of another account
 */
export async function withSession<T>(
  selection: SessionRequest,
  context: SessionContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const timeline = createTimeline(context.emit);
  const { emit, signal } = context;
  const chosen = await openDescription(context.directory, selection);
  const description = { ...chosen, services: await onlySince(chosen, selection.since, context) };
  const clients = createClients(description.settings, { signal });
  try {
    const caller = await callerOf(clients, description.settings, selection, context);
    const registry = registryHost(description.settings, caller.account);
    return await work({ ...description, clients, caller, registry, emit, signal, timeline });
  } finally {
    clients.destroy();
  }
}

async function callerOf(
  clients: Clients,
  settings: Settings,
  { imagesOnly = false }: Selection,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<Caller> {
  if (!imagesOnly) return assertAccount(clients, settings, signal);
  const { openImages } = await import("../aws/foreign-registry.ts");
  const { caller, isForeign } = await openImages(clients, settings, signal);
  if (isForeign) {
    const message = `images of ${settings.stack} are in account ${caller.account}, but these credentials belong to another account`;
    emit({ kind: "notice", message });
  }
  return caller;
}

async function onlySince(
  description: Awaited<ReturnType<typeof openDescription>>,
  since: string | undefined,
  context: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<readonly Service[]> {
  if (since === undefined) return description.services;
  const { onlyChangedSince } = await import("../git/changed-since.ts");
  return onlyChangedSince(description, since, context);
}
