import type { WrittenTarget } from "../../../config/targets/target.ts";

/** A service as `init` found it: what will be written, and where that comes from. */
export interface FoundService {
  readonly name: string;
  /** The file that says so. */
  readonly from: string;
  readonly context: string;
  /** Default: `Dockerfile` in the context. */
  readonly dockerfile?: string;
  readonly stage?: string;
  readonly arguments?: Readonly<Record<string, string>>;
  readonly contexts?: Readonly<Record<string, string>>;
  /** Secret id → the environment variable that holds it. */
  readonly secrets?: Readonly<Record<string, { readonly environment: string }>>;
  readonly platforms?: readonly string[];
  readonly targets?: readonly WrittenTarget[];
  /** The titles of the targets, for display. */
  readonly runsAs?: readonly string[];
  /** Other names that the same image runs under: compose services that differ only in their command. */
  readonly aliases: readonly string[];
  /**
   * For a service of a compose file: its keys there, and where its build and its stage stand (`file:line`).
   */
  readonly compose?: {
    readonly keys: readonly string[];
    readonly line: string;
    readonly stageLine: string;
  };
}

export interface Found {
  readonly services: readonly FoundService[];
  /** What init skipped, and why: one sentence each. */
  readonly notes: readonly string[];
}
