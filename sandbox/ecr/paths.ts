/** Lets the front forget all scans, as `sandbox reset` asks for. */
export const resetPath = "/_sandbox/reset";

/** Answers with 204: an older sandbox has a front that passes it on. */
export const healthPath = "/_sandbox/health";
