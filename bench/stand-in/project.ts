import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { simpleGit } from "simple-git";
import { stringify } from "yaml";
import { type Measured, measure } from "../measure.ts";
import { type StandIn, startStandIn } from "./account.ts";
import { account, cluster, prefix, region, stack } from "./answers.ts";

/** A project of many services in the stand-in's account. */
export interface ManyServices {
  readonly directory: string;
  readonly services: readonly string[];
  readonly standIn: StandIn;
  /** Runs `slipway …` on this project. */
  slipway(...words: readonly string[]): Promise<Measured>;
}

/** AWS's services that the commands call. */
const called = ["ecr", "ecs", "lambda", "sts"];

/**
 * A project whose services are built and run, without anything to do.
 *
 * @param clone where Slipway is
 * @param directory of the project; removed before
 * @param past manifests that each repository got over the last year
 */
export async function manyServices(
  clone: string,
  directory: string,
  count: number,
  signal: AbortSignal,
  past = 0,
): Promise<ManyServices> {
  const services = Array.from({ length: count }, (_, index) => `s${String(index + 1).padStart(4, "0")}`);
  const standIn = await startStandIn(services, past);
  await rm(directory, { recursive: true, force: true });
  for (const service of services) {
    const context = join(directory, "services", service);
    await mkdir(context, { recursive: true });
    await cp(join(clone, "bench/services/light"), context, { recursive: true });
    await writeFile(join(context, "content"), `${service}\n`);
  }
  const write = (file: string, value: object) => writeFile(join(directory, file), stringify(value));
  await write("Pulumi.yaml", { name: "bench", runtime: "nodejs" });
  const described = services.map((service) => [
    service,
    { context: `services/${service}`, targets: [{ kind: "ecs", cluster, service }] },
  ]);
  await write("services.yaml", { services: Object.fromEntries(described) });
  await write(`Pulumi.${stack}.yaml`, {
    config: {
      "aws:region": region,
      "aws:allowedAccountIds": [account],
      "aws:endpoints": [Object.fromEntries(called.map((service) => [service, standIn.endpoint]))],
      "slipway:repositories": { prefix, tagMutability: "immutable" },
      "slipway:tags": ["{sha7}", "latest"],
    },
  });
  await writeFile(join(directory, ".gitignore"), ".slipway/\n");
  const git = simpleGit(directory);
  await git.init(["--initial-branch=main"]);
  await git.addConfig("user.name", "Slipway bench", false, "local");
  await git.addConfig("user.email", "bench@localhost", false, "local");
  await git.addConfig("commit.gpgsign", "false", false, "local");
  await git.add(["--all"]);
  await git.commit("A thousand services", { "--no-verify": null });
  const commit = (await git.revparse(["HEAD"])).trim();
  const environment = {
    PATH: process.env.PATH ?? "",
    HOME: process.env.HOME ?? "",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
    XDG_CACHE_HOME: join(directory, ".slipway", "cache"),
    CI: "true",
    NO_COLOR: "1",
  };
  const slipway = (...words: readonly string[]) =>
    measure(
      {
        program: join(clone, "slipway"),
        arguments: [...words, "--stack", stack, "--output", "json"],
        directory,
        environment,
      },
      signal,
    );
  const { stdout } = await slipway("plan");
  const plan = JSON.parse(stdout) as { services: { service: string; source: { hash: string } }[] };
  standIn.setSources(
    Object.fromEntries(plan.services.map(({ service, source }) => [service, source.hash])),
    commit,
  );
  standIn.takeCalls();
  return { directory, services, standIn, slipway };
}
