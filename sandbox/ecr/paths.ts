/** Lets the front forget all scans, as `sandbox reset` asks for. */
export const resetPath = "/_sandbox/reset";

/** Gives images of a repository dates in the past, as `sandbox age` asks for. */
export const agesPath = "/_sandbox/ages";

/** Answers with 204: an older sandbox has a front that passes it on. */
export const healthPath = "/_sandbox/health";
