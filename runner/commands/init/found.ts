/** A target as it is written in services.yaml. */
export type WrittenTarget =
  | { readonly kind: "ecs"; readonly cluster: string; readonly service: string; readonly container?: string }
  | { readonly kind: "lambda"; readonly function: string; readonly alias?: string };

/** A service as `init` found it: what will be written, and where that comes from. */
export interface ExistingService {
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
  readonly services: readonly ExistingService[];
  /** What init skipped, and why: one sentence each. */
  readonly notes: readonly string[];
}
