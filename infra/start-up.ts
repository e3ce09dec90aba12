import { enableCompileCache } from "node:module";

// First of all, so that Pulumi's SDK comes from the cache as well. Pulumi.yaml preloads this file; under
// `slipway` the cache is on already. The cache lies in NODE_COMPILE_CACHE, or else in the folder for
// temporary files.
enableCompileCache();

// Before the SDK loads, which the file after this one does.
const { loadUnusedLater } = await import("../pulumi-sdk/load-later.ts");
loadUnusedLater();
const { leaveOutStackTraces } = await import("./stack-traces.ts");
leaveOutStackTraces(process.env);
