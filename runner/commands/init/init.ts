import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { catalogueSchema } from "../../../config/catalogue/catalogue.ts";
import { catalogueFile, stackFile } from "../../../config/description/description.ts";
import { parseSettings } from "../../../config/description/load.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { problemsOf } from "../../../config/problems/problems.ts";
import { parseYaml } from "../../../config/problems/yaml.ts";
import type { Settings } from "../../../config/stack/settings.ts";
import { assertAccount } from "../../aws/account.ts";
import { createClients } from "../../aws/clients.ts";
import { type Emit, runStep } from "../../report/events.ts";
import type { Ask, Taken } from "./ask.ts";
import { extendCatalogue, writeCatalogue } from "./catalogue-text.ts";
import { detectServices, dockerfileOf } from "./detect.ts";
import type { Found, FoundService } from "./found.ts";
import { readKnownProject } from "./known-project.ts";
import { readLive } from "./live.ts";
import { matchLive } from "./match.ts";
import { serviceName } from "./names.ts";
import { projectFiles } from "./stack-files.ts";
import { readTree } from "./tree.ts";

export interface InitRequest {
  /** The project's directory to be. */
  readonly directory: string;
  readonly stack: string;
  /** Undefined: the environment's, or what is answered. */
  readonly region: string | undefined;
  /** Whether to look at what runs in ECS and Lambda. */
  readonly fromLive: boolean;
  readonly dryRun: boolean;
  /** Whether services may be added to a services.yaml that is there, without being asked. */
  readonly mayExtend: boolean;
}

/** `slipway init`. */
export interface InitDocument {
  readonly version: 1;
  readonly kind: "init";
  readonly directory: string;
  readonly dryRun: boolean;
  readonly files: readonly InitFile[];
  /** Whether Slipway is among the packages here, so that Pulumi finds its program. */
  readonly isInstalled: boolean;
  /** Services that services.yaml has through this run. */
  readonly services: readonly FoundService[];
  /** What was taken without being asked for. */
  readonly defaults: readonly Taken[];
  readonly notes: readonly string[];
}

export interface InitFile {
  readonly path: string;
  /** `proposed`: would be extended, once somebody says yes. */
  readonly action: "created" | "extended" | "kept" | "proposed";
  readonly content: string;
}

/**
 * Describes a repository as a project: what it builds, from its compose files and Dockerfiles; what
 * runs that, from ECS and Lambda when asked. Writes the files that are missing, and never over one
 * that is there.
 *
 * @throws UserError when there is nothing to build, or services.yaml is there and wrong
 */
export async function init(
  request: InitRequest,
  ask: Ask,
  context: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<InitDocument> {
  const { directory, stack } = request;
  const { emit, signal } = context;
  const tree = await readTree(directory);
  const detected = await runStep(
    emit,
    { id: "detect", title: "Look for what is built" },
    async ({ conclude }) => {
      const found = detectServices(tree);
      conclude("done", `${found.services.length} found`);
      return found;
    },
  );
  const existing = await readIfThere(join(directory, catalogueFile));
  const known = existing === undefined ? undefined : knownServices(existing);
  if (detected.services.length === 0 && known === undefined) throw nothingFound(directory, detected);

  // Nothing is asked that can't matter any more, or that a file says which stays.
  const there = await readKnownProject(directory, stack);
  const region = await ask.region(request.region ?? there.region);
  const settings = settingsFor(region, stack);
  const look = () =>
    runStep(emit, { id: "live", title: "Look at what runs in ECS and Lambda" }, ({ conclude }) =>
      lookAtLive(detected, settings, signal, (text) => conclude("done", text)),
    );
  const live = request.fromLive
    ? await look()
    : (await ask.fromLive())
      ? await look().catch((error: unknown) => withoutLive(detected, error))
      : { found: detected, account: undefined };
  const fresh = live.found.services.filter((service) => known === undefined || !known.has(service));
  const chosen = await ask.services(fresh);
  const project = there.name ?? (await ask.project(serviceName(tree.name)));

  const isModule = await saysModule(directory);
  const mayExtend =
    existing !== undefined && chosen.length > 0 && (request.mayExtend || (await ask.extend(chosen)));
  const catalogue = catalogueFileOf(existing, chosen, tree.source, mayExtend);
  const wanted = projectFiles({ project, stack, region, account: live.account, isModule });
  const files = [
    catalogue,
    ...(await Promise.all(
      wanted.map(async ({ path, content }): Promise<InitFile> => {
        const there = await readIfThere(join(directory, path));
        return there === undefined
          ? { path, action: "created", content }
          : { path, action: "kept", content: there };
      }),
    )),
  ];
  if (!request.dryRun) {
    for (const { path, action, content } of files) {
      if (action === "created") await writeFile(join(directory, path), content, { flag: "wx" });
      if (action === "extended") await writeFile(join(directory, path), content);
    }
  }
  return {
    version: 1,
    kind: "init",
    directory,
    dryRun: request.dryRun,
    isInstalled: existsSync(join(directory, "node_modules/slipway")),
    files,
    services: chosen,
    defaults: ask.taken(),
    notes: [...live.found.notes, ...notesOn(files)],
  };
}

function catalogueFileOf(
  existing: string | undefined,
  services: readonly FoundService[],
  source: string | undefined,
  mayExtend: boolean,
): InitFile {
  const path = catalogueFile;
  if (existing === undefined) return { path, action: "created", content: writeCatalogue(services, source) };
  if (services.length === 0) return { path, action: "kept", content: existing };
  const content = extendCatalogue(existing, services);
  return { path, action: mayExtend ? "extended" : "proposed", content };
}

/** Whoever said yes to a question, and has no credentials, gets the rest all the same. */
function withoutLive(found: Found, error: unknown): { found: Found; account: undefined } {
  if (!(error instanceof UserError)) throw error;
  const [problem] = error.problems;
  const note = `ECS and Lambda were not looked at: ${problem?.message ?? error.message}; later: slipway init --from-live`;
  return { found: { ...found, notes: [...found.notes, note] }, account: undefined };
}

async function lookAtLive(
  found: Found,
  settings: Settings,
  signal: AbortSignal,
  conclude: (text: string) => void,
): Promise<{ found: Found; account: string }> {
  const clients = createClients(settings, { signal });
  try {
    const [caller, live] = await Promise.all([
      assertAccount(clients, settings, signal),
      readLive(clients, signal),
    ]);
    const matched = matchLive(found, live, settings.stack);
    const targets = matched.services.flatMap((service) => service.targets ?? []).length;
    conclude(`${targets} targets of ${found.services.length} services, in account ${caller.account}`);
    return { found: matched, account: caller.account };
  } finally {
    clients.destroy();
  }
}

function settingsFor(region: string, stack: string): Settings {
  const settings = parseSettings({ "aws:region": region }, stack, stackFile(stack));
  if ("value" in settings) return settings.value;
  throw new UserError(settings.problems.map((problem) => ({ ...problem, where: "--region" })));
}

/** Which found services a services.yaml has already: by name, or by the Dockerfile and stage they are built from. */
function knownServices(text: string): { has(service: FoundService): boolean } {
  const yaml = parseYaml(text, catalogueFile);
  if ("problems" in yaml) throw new UserError(yaml.problems);
  const parsed = catalogueSchema.safeParse(yaml.value);
  if (!parsed.success)
    throw new UserError(problemsOf(parsed.error, catalogueSchema, yaml.value, yaml.locate));
  const names = new Set(Object.keys(parsed.data.services));
  const builds = new Set(Object.values(parsed.data.services).map((one) => buildOf(one)));
  return { has: (service) => names.has(service.name) || builds.has(buildOf(service)) };
}

function buildOf(one: {
  context: string;
  dockerfile?: string | undefined;
  stage?: string | undefined;
}): string {
  const { context, dockerfile, stage } = one;
  return JSON.stringify([dockerfileOf({ context, ...(dockerfile !== undefined && { dockerfile }) }), stage]);
}

function notesOn(files: readonly InitFile[]): string[] {
  const kept = (path: string) => files.find((file) => file.path === path && file.action === "kept");
  const program = files.find(({ path }) => /^slipway\.[cm]js$/.test(path))?.path ?? "";
  const notes: string[] = [];
  const project = kept("Pulumi.yaml");
  if (
    project !== undefined &&
    !project.content.includes(program) &&
    !/^name: slipway$/m.test(project.content)
  ) {
    notes.push(`Pulumi.yaml is another program's: it would have to say main: ${program}`);
  }
  if (kept(".gitignore")?.content.includes(".slipway") === false) notes.push("add .slipway/ to .gitignore");
  return notes;
}

function nothingFound(directory: string, { notes }: Found): UserError {
  return new UserError({
    code: "nothing-found",
    where: directory,
    message: ["there is no Dockerfile and no compose file that builds something", ...notes].join("; "),
    fix: `run it where they are, or write ${catalogueFile} by hand: docs/reference/configuration.md has its keys`,
  });
}

/** Whether Pulumi will take a program here for an ES module: by the nearest package.json upwards, as Node.js does. */
async function saysModule(directory: string): Promise<boolean> {
  const text = await readIfThere(join(directory, "package.json"));
  if (text !== undefined) return (JSON.parse(text) as { type?: unknown }).type === "module";
  return dirname(directory) === directory ? false : saysModule(dirname(directory));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
