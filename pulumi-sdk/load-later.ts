import Module, { createRequire } from "node:module";

/** Packages of Pulumi's SDK by the module of the SDK that needs them. */
const unused = {
  // Turns functions of the program into text, for resources that are functions: a compiler, npm's model of
  // node_modules, and what searches both.
  "runtime/closure/codePaths.js": [
    "../../typescript-shim.js",
    "@npmcli/arborist",
    "normalize-package-data",
    "fdir",
  ],
  // Traces of the engine and the program, with `pulumi --tracing`.
  "cmd/run/tracing.js": [
    "@opentelemetry/exporter-zipkin",
    "@opentelemetry/instrumentation",
    "@opentelemetry/instrumentation-grpc",
    "@opentelemetry/resources",
    "@opentelemetry/sdk-trace-base",
    "@opentelemetry/sdk-trace-node",
  ],
} as const;

/**
 * Lets Pulumi's SDK load without the parts that nothing in Slipway uses: they are two thirds of its modules and
 * of the processor time that loading takes. A part loads at its first use. Call this before the SDK loads.
 */
export function loadUnusedLater(): void {
  const here = createRequire(import.meta.url);
  for (const [module, names] of Object.entries(unused)) {
    const require = createRequire(here.resolve(`@pulumi/pulumi/${module}`));
    for (const name of names) loadLater(require, name);
  }
}

function loadLater(require: NodeJS.Require, name: string): void {
  const file = require.resolve(name);
  if (require.cache[file] !== undefined) return;
  let loaded: object | undefined;
  const load = () => {
    if (loaded === undefined) {
      delete require.cache[file];
      loaded = require(file) as object;
    }
    return loaded;
  };
  const later = new Module(file);
  later.filename = file;
  later.loaded = true;
  // As a compiled ES module, so that importing it as a namespace does not copy its members.
  later.exports = new Proxy(
    {},
    {
      get: (_, key) => {
        if (key === "__esModule") return true;
        const member: unknown = Reflect.get(load(), key);
        return key === "default" ? (member ?? load()) : member;
      },
      has: (_, key) => Reflect.has(load(), key),
    },
  );
  require.cache[file] = later;
}
