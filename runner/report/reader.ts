import type { Emit } from "./events.ts";

/** A reader of the event stream that shows it as it comes. */
export interface Reporter {
  readonly emit: Emit;
  /** Shows what is still to be shown, and stops. Events that come later are dropped. */
  close(): void;
}

export interface ReporterOptions {
  readonly stream: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
}
