import Module, { createRequire } from "node:module";

/** Where Pulumi's SDK turns functions into text, for resources that are functions of the program itself. */
const closures = "@pulumi/pulumi/runtime/closure/codePaths.js";

/** What only that needs: a compiler, npm's model of node_modules, and what searches both. */
const neededByClosures = [
  "../../typescript-shim.js",
  "@npmcli/arborist",
  "normalize-package-data",
  "fdir",
] as const;

/**
 * Lets Pulumi's SDK load without the parts that nothing in Slipway uses: they are two thirds of its modules and
 * of the processor time that loading takes. A part loads at its first use. Call this before the SDK loads.
 */
export function loadClosuresLater(): void {
  const here = createRequire(import.meta.url);
  const sdk = createRequire(here.resolve(closures));
  for (const name of neededByClosures) loadLater(sdk, name);
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
