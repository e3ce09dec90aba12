import { rm } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { createReporter } from "../runner/report/reporter.ts";
import { firstBuild, measureFirstBuild } from "./cases/first-build.ts";
import { calendar, measureCalendar, yearOfServices } from "./cases/lifecycle.ts";
import { measureNothingChanged, nothingChanged } from "./cases/nothing-changed.ts";
import { measureOneChanged, oneChanged, steadyToExit } from "./cases/one-changed.ts";
import { deployedProject } from "./cases/services.ts";
import { measureHelp, measurePlan, measureStatus, measureUp, startUp } from "./cases/start-up.ts";
import { measureThousand, thousand, thousandServices } from "./cases/thousand.ts";
import { measureEngine, measureOneOfMany, twoHundred, twoHundredServices } from "./cases/two-hundred.ts";
import type { Project } from "./project.ts";
import { type Case, type CaseResult, judge, type Pair } from "./result.ts";
import { loadNow, type Machine, showResults } from "./show.ts";
import { type World, withWorld } from "./world.ts";

const letters = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;
type Letter = (typeof letters)[number];

const usage = `npm run bench -- [--quick] [--case a]... [--programs] [--json]

Measures Slipway against raw tools, side by side on a local AWS of its own, and takes that away again.

  --quick      fewer runs of each case
  --case a     only these: a nothing changed, b one changed, c first build, d noticing, e prompt,
               f 200 services, g 1,000 services, h lifecycle of 500 repositories
  --programs   what each program of a case took as well: its processor seconds and its memory
  --json       one document on stdout (npm run --silent bench -- --json)

Runs for about half an hour on two processors that have nothing else to do, and takes both for much of it.
`;

/** What keeps the results of a run, and the load before each of its parts. */
function openLedger(say: (message: string) => void) {
  const results: CaseResult[] = [];
  const loads: number[] = [];
  return {
    results,
    loads,
    take: async (one: Case, measured: Promise<Pair[]> | Pair[]) => {
      const result = judge(one, await measured);
      results.push(result);
      const ratio = result.ratio === null ? "" : `, ${result.ratio.toFixed(2)} × the peer`;
      say(`${one.id}: ${result.ours_s.toFixed(2)} s${ratio} (target ${result.target})`);
    },
    begin: async (title: string, work: () => Promise<void>) => {
      const load = loadNow();
      loads.push(load);
      say(`${title}; load ${load}`);
      await work();
    },
  };
}

type Ledger = ReturnType<typeof openLedger>;

/** Runs case (g), which needs no local AWS. */
async function runThousand(quick: boolean, { take, begin }: Ledger, signal: AbortSignal): Promise<void> {
  await begin("(g) 1,000 services", async () => {
    const project = await thousandServices(signal);
    try {
      for (const command of ["plan", "changed", "status", "deploy"] as const) {
        await take(thousand[command], measureThousand(project, command, quick ? 2 : 5));
      }
    } finally {
      project.standIn.close();
      await rm(project.directory, { recursive: true, force: true });
    }
  });
}

/** Runs case (h), which needs no local AWS either. */
async function runLifecycle(quick: boolean, { take, begin }: Ledger, signal: AbortSignal): Promise<void> {
  await begin("(h) lifecycle of 500 repositories", async () => {
    const project = await yearOfServices(signal);
    try {
      await take(calendar, measureCalendar(project, quick ? 2 : 5));
    } finally {
      project.standIn.close();
      await rm(project.directory, { recursive: true, force: true });
    }
  });
}

/** Runs the cases that are wanted; those that share a project, one after the other on it. */
async function runCases(world: World, wanted: ReadonlySet<Letter>, { take, begin }: Ledger): Promise<void> {
  const has = (...some: readonly Letter[]) => some.some((letter) => wanted.has(letter));

  let five: Project | undefined;
  if (has("a", "b", "d", "e")) {
    const project = await deployedProject(world, "five", 5, 1);
    five = project;
    if (has("e")) {
      await begin("(e) help, plan and sandbox up", async () => {
        await take(startUp.help, measureHelp(world, project));
        await take(startUp.plan, measurePlan(world, project));
        await take(startUp.up, measureUp(world, project));
      });
    }
    if (has("a")) {
      await begin("(a) nothing changed, 1 and 5 services", async () => {
        await take(nothingChanged.one, measureNothingChanged(world, project, project.services.slice(0, 1)));
        await take(nothingChanged.five, measureNothingChanged(world, project, project.services));
      });
    }
    if (has("b", "d")) {
      await begin("(b, d) one of five changed", async () => {
        const { changed, noticed } = await measureOneChanged(world, project);
        if (has("b")) await take(oneChanged, changed);
        if (has("d")) await take(steadyToExit, noticed);
      });
    }
  }
  if (has("a", "e")) {
    const fifty = await deployedProject(world, "fifty", 50, 0);
    if (has("a")) {
      await begin("(a) nothing changed, 50 services", () =>
        take(nothingChanged.fifty, measureNothingChanged(world, fifty, fifty.services)),
      );
    }
    if (has("e")) {
      await begin("(e) status", () => take(startUp.status, measureStatus(world, fifty)));
    }
    fifty.clients.destroy();
  }
  five?.clients.destroy();
  if (has("f")) {
    const project = await twoHundredServices(world);
    await begin("(f) 200 services", async () => {
      await take(twoHundred.preview, measureEngine(world, project, "preview"));
      await take(twoHundred.up, measureEngine(world, project, "up"));
      await take(twoHundred.changed, measureOneOfMany(world, project));
    });
    project.clients.destroy();
  }
  if (has("c")) {
    await begin("(c) first build", () => take(firstBuild, measureFirstBuild(world)));
  }
}

async function main(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      case: { type: "string", multiple: true, default: [] },
      programs: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const unknown = values.case.filter((one) => !letters.some((letter) => letter === one));
  if (unknown.length > 0) {
    process.stderr.write(`Unknown case: ${unknown.join(", ")}.\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  const wanted = new Set<Letter>(
    values.case.length === 0 ? letters : letters.filter((letter) => values.case.includes(letter)),
  );
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => controller.abort());
  const { stderr: stream, env: environment } = process;
  const reporter = await createReporter({
    stream,
    environment: { ...environment, CI: "true" },
    output: "json",
  });
  const { emit } = reporter;
  const start = loadNow();
  const ledger = openLedger((message) => emit({ kind: "notice", message }));
  const { results, loads } = ledger;
  let failure: unknown;
  try {
    const { signal } = controller;
    if (wanted.has("g")) await runThousand(values.quick, ledger, signal);
    if (wanted.has("h")) await runLifecycle(values.quick, ledger, signal);
    if ([...wanted].some((letter) => letter !== "g" && letter !== "h")) {
      await withWorld({ quick: values.quick, emit, signal }, (world) => runCases(world, wanted, ledger));
    }
  } catch (error) {
    failure = error;
  }
  reporter.close();
  const machine: Machine = {
    processors: cpus().length,
    model: cpus()[0]?.model.trim() ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    load: { start, end: loadNow(), highest: Math.max(start, ...loads) },
  };
  const cases = results.toSorted((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
  // Results from before a failure are still useful.
  if (failure === undefined || cases.length > 0) {
    const text = values.json
      ? JSON.stringify({ cases, machine }, null, 2)
      : showResults(cases, machine, values.programs);
    process.stdout.write(`${text}\n`);
  }
  if (failure === undefined) return;
  process.exitCode = controller.signal.aborted ? 130 : 1;
  const why = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  process.stderr.write(`${controller.signal.aborted ? "interrupted" : why}\n`);
}

await main(process.argv.slice(2));
process.exit();
