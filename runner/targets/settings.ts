import { createHash } from "node:crypto";

/** Values that may be secrets, wherever they are in a document. */
export const hiddenFields = ["environment", "Environment"] as const;

/** What stands for such a value: different values look different, and none can be read. */
export function hideValue(value: string): string {
  return `(hidden, ${createHash("sha256").update(value).digest("hex").slice(0, 8)})`;
}
