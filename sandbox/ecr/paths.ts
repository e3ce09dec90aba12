/** Lets the front forget all scans, as `sandbox reset` asks for. */
export const resetPath = "/_sandbox/reset";
