import type { Settings } from "../../../config/settings.ts";
import type { ServiceName } from "../../aws/clients.ts";
import type { ImageUse, ReadContext } from "../../targets/image-use.ts";

/** What a source is given. */
export interface SourceContext extends ReadContext {
  readonly settings: Settings;
}

/** A service of AWS that may start images although none of them runs now. */
export interface UseSource {
  /** What it looks at, in words. */
  readonly what: string;
  /** Its client: where a stack names addresses of its own, this one is among them or is not asked. */
  readonly service: ServiceName;
  /** False where the stack has no use for it. Default: always. */
  isWanted?(settings: Settings): boolean;
  /** Loads the source with its client, and reads it. */
  read(context: SourceContext): Promise<readonly ImageUse[]>;
}
