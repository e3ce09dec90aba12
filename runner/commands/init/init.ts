import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serviceOfContext } from "../../../config/catalogue/contexts.ts";
import { catalogueFile, stackFile } from "../../../config/description/description.ts";
import { parseSettings } from "../../../config/description/settings.ts";
import { readTextFile } from "../../../config/description/text-file.ts";
import { UserError } from "../../../config/problems/errors.ts";
import type { Settings } from "../../../config/settings.ts";
import { assertAccount } from "../../aws/account.ts";
import { createClients } from "../../aws/clients.ts";
import { type Emit, runStep } from "../../report/events.ts";
import { allKinds } from "../../targets/kinds.ts";
import type { Ask, Taken } from "./ask.ts";
import { extendCatalogue, writeCatalogue } from "./catalogue-text.ts";
import { detectServices } from "./detect.ts";
import type { Found, FoundService } from "./found.ts";
import { knownServices, readKnownProject } from "./known-project.ts";
import { matchLive } from "./match.ts";
import { saysModule } from "./module.ts";
import { serviceName } from "./names.ts";
import { addNearby } from "./nearby.ts";
import { projectFiles } from "./stack-files.ts";
import { readTree } from "./tree.ts";

export interface InitRequest {
  /** Where the project is to be. */
  readonly directory: string;
  readonly stack: string;
  /** Default: the environment's, or the answer to a question. */
  readonly region: string | undefined;
  /** Whether to look at ECS and Lambda. */
  readonly fromLive: boolean;
  readonly dryRun: boolean;
  /** Whether to add services to an existing services.yaml without a question. */
  readonly mayExtend: boolean;
}

/** `slipway init`. */
export interface InitDocument {
  readonly version: 1;
  readonly kind: "init";
  readonly directory: string;
  readonly dryRun: boolean;
  readonly files: readonly InitFile[];
  /** Whether Slipway is in node_modules, where Pulumi finds its program. */
  readonly isInstalled: boolean;
  /** Services that this run writes to services.yaml. */
  readonly services: readonly FoundService[];
  /** Defaults that were taken without a question. */
  readonly defaults: readonly Taken[];
  readonly notes: readonly string[];
}

export interface InitFile {
  readonly path: string;
  /** `proposed`: is extended once somebody says yes. */
  readonly action: "created" | "extended" | "kept" | "proposed";
  readonly content: string;
}

/**
 * Describes a repository as a project: what it builds, from its compose files and Dockerfiles, what runs the
 * images, from manifests in git, and, when asked, from ECS and Lambda. Writes missing files; an existing file is never
 * overwritten.
 *
 * @throws UserError when nothing here is built, or services.yaml or package.json is wrong
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
    { id: "detect", title: "Look for services to build" },
    async ({ conclude }) => {
      const found = detectServices(tree);
      conclude("done", `${found.services.length} found`);
      return found;
    },
  );
  const existing = await readIfThere(join(directory, catalogueFile), catalogueFile);
  const known = existing === undefined ? undefined : knownServices(existing);
  if (detected.services.length === 0 && known === undefined) throw nothingFound(directory, detected);

  // No question whose answer a file has, or that changes nothing.
  const there = await readKnownProject(directory, stack);
  const region = await ask.region(request.region ?? there.region);
  const settings = settingsFor(region, stack);
  const look = () =>
    runStep(emit, { id: "live", title: "Look at ECS and Lambda" }, ({ conclude }) =>
      lookAtLive(detected, settings, signal, (text) => conclude("done", text)),
    );
  const live = request.fromLive
    ? await look()
    : (await ask.fromLive())
      ? await look().catch((error: unknown) => withoutLive(detected, error))
      : { found: detected, account: undefined };
  const { services: fresh, notes } = await runStep(
    emit,
    { id: "manifests", title: "Look for manifests in git" },
    async ({ conclude }) => {
      const stacks = [stack, "prod", ...stacksIn(tree.everything ?? tree.files)];
      const search = { directory, stack, stacks: [...new Set(stacks)], signal };
      const { found, targets } = await addNearby(live.found, known, search);
      conclude("done", `${targets} targets`);
      return found;
    },
  );
  const chosen = withNeeded(await ask.services(fresh), fresh);
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
        const there = await readIfThere(join(directory, path), path);
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
    services: chosen.map(({ compose: _, ...service }) => service),
    defaults: ask.taken(),
    notes: [...notes, ...notesOn(files)],
  };
}

/** The stacks whose files lie in the project's directory. */
function stacksIn(files: readonly string[]): string[] {
  return files.flatMap((path) => /^Pulumi\.([^/]+)\.yaml$/.exec(path)?.[1] ?? []);
}

/** The chosen services, and those whose images they are built from. */
function withNeeded(chosen: readonly FoundService[], found: readonly FoundService[]): FoundService[] {
  const names = new Set<string>();
  const add = (service: FoundService): void => {
    if (names.has(service.name)) return;
    names.add(service.name);
    for (const location of Object.values(service.contexts ?? {})) {
      const needed = found.find(({ name }) => name === serviceOfContext(location));
      if (needed !== undefined) add(needed);
    }
  };
  for (const service of chosen) add(service);
  return found.filter(({ name }) => names.has(name));
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

/** Without credentials, a yes to the question about AWS costs only that part. */
function withoutLive(found: Found, error: unknown): { found: Found; account: undefined } {
  if (!(error instanceof UserError)) throw error;
  const [problem] = error.problems;
  const note = `Could not look at ECS and Lambda: ${problem?.message ?? error.message}; try slipway init --from-live later`;
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
      Promise.all(allKinds().map((kind) => kind.live({ clients, signal }))),
    ]);
    const matched = matchLive(found, live.flat(), settings.stack);
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
    notes.push(`Pulumi.yaml runs another program: for Slipway's, set main: ${program}`);
  }
  if (kept(".gitignore")?.content.includes(".slipway") === false) notes.push("add .slipway/ to .gitignore");
  return notes;
}

function nothingFound(directory: string, { notes }: Found): UserError {
  return new UserError({
    code: "nothing-found",
    where: directory,
    message: ["no Dockerfile and no compose file here builds an image", ...notes].join("; "),
    fix: `run init where they are, or write ${catalogueFile} by hand (keys: docs/reference/configuration.md)`,
  });
}

/** The text of a file, or undefined without one. */
async function readIfThere(path: string, where: string): Promise<string | undefined> {
  const read = await readTextFile(path, where);
  if (read !== undefined && "problem" in read) throw new UserError(read.problem);
  return read?.text;
}
