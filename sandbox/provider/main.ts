import { readFileSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * What the engine starts as `pulumi-resource-aws` or `pulumi-resource-awsx`:
 * `node main.ts aws|awsx [engine's options] <engine's address>`. Writes its port on stdout.
 */
const [which, ...engineArguments] = process.argv.slice(2);

// Every operation of the engine starts this program. Compiled code from earlier runs halves the time.
const { PULUMI_HOME } = process.env;
if (PULUMI_HOME) {
  enableCompileCache(join(PULUMI_HOME, "compile-cache"));
  // The engine kills its plugins, and a killed process writes nothing.
  setInterval(flushCompileCache, 1_000).unref();
}

// If the engine is killed, nothing else ends this process: it would outlive the sandbox.
const engine = process.ppid;
setInterval(() => {
  if (process.ppid !== engine) process.exit();
}, 1_000).unref();

const { loadUnusedLater } = await import("../../pulumi-sdk/load-later.ts");
loadUnusedLater();

switch (which) {
  case "aws": {
    const [{ serve }, { createProvider }, { connectLog }] = await Promise.all([
      import("./engine/server.ts"),
      import("./provider.ts"),
      import("./engine/log.ts"),
    ]);
    const provider = createProvider({
      version: versionOf("aws"),
      warn: connectLog(engineAddress(engineArguments)),
      environment: process.env,
    });
    console.log(String(await serve(provider)));
    break;
  }
  case "awsx": {
    const { serveComponents } = await import("./awsx/provider.ts");
    await serveComponents(versionOf("awsx"), engineArguments);
    break;
  }
  default:
    console.error(`usage: node main.ts aws|awsx [options] <engine address>; got: ${which ?? "nothing"}`);
    process.exitCode = 2;
}

/** The engine may put options of its own before its address. */
function engineAddress(given: readonly string[]): string | undefined {
  return given.findLast((argument) => /^[^-].*:\d+$/.test(argument));
}

/** The version of the package whose provider this replaces, so that engine and SDK find it. */
function versionOf(name: string): string {
  const path = fileURLToPath(import.meta.resolve(`@pulumi/${name}/package.json`));
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version.replace(/^v/, "");
}
