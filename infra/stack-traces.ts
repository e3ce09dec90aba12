import { createRequire } from "node:module";

/** What is replaced in the SDK's modules, which are CommonJS: each caller finds it through `exports`. */
interface Debuggable {
  debuggablePromise<T>(promise: Promise<T>, context?: string): Promise<T>;
}
interface ResourceModule {
  Resource: { callsites?(): readonly unknown[] };
}

/**
 * Leaves out the stack traces that Pulumi's SDK makes for itself: one for every promise, for its report of
 * leaked promises (`runtime/debuggable.js`), and one of any length for every resource, for its position in
 * the source (`resource.js`). Each is formatted through source maps. With 200 services they take more than
 * half of the processor time of a preview. Errors that the program throws keep their stack.
 *
 * @param environment with `PULUMI_DEBUG_PROMISE_LEAKS`, which `slipway --debug` sets, the traces stay
 */
export function leaveOutStackTraces(environment: Readonly<Record<string, string | undefined>>): void {
  if (environment.PULUMI_DEBUG_PROMISE_LEAKS) return;
  const require = createRequire(import.meta.url);
  const debuggable = require("@pulumi/pulumi/runtime/debuggable.js") as Debuggable;
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (promise, context) =>
    withoutFrames(() => debuggablePromise(promise, context));
  const { Resource } = require("@pulumi/pulumi/resource.js") as ResourceModule;
  // Without positions the engine's messages name resources by their URN alone, as they do anyway.
  Resource.callsites = () => [];
}

function withoutFrames<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
