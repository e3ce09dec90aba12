import type { WrittenTarget } from "../../config/targets/target.ts";

/** Something in the account that runs an image, which `init` can propose as a target. */
export interface LiveTarget {
  /** `ECS service shop-dev/ui` */
  readonly title: string;
  /** Identifies the place that takes one service: `ecs shop-dev/ui`. */
  readonly place: string;
  readonly image: string;
  readonly architecture: "amd64" | "arm64";
  /** Names that a service of the catalogue may share with it, the most reliable first. */
  readonly names: readonly string[];
  /**
   * The target in services.yaml, and its title for display.
   *
   * @param service name of the service that it runs
   * @param forStacks replaces the stack's name in a name by `${stack}`
   */
  propose(
    service: string,
    forStacks: (name: string) => string,
  ): { readonly target: WrittenTarget; readonly title: string };
}

/** What a search for targets in files starts from. */
export interface NearbyRequest {
  /** The project's. */
  readonly directory: string;
  /** Services that may get a target. */
  readonly services: readonly string[];
  /** The stack that `init` begins with. */
  readonly stack: string;
  /** All stacks whose names are known, that one as well. */
  readonly stacks: readonly string[];
  readonly signal: AbortSignal;
}

/** A target that files call for. */
export interface NearbyTarget {
  /** The service that it runs. */
  readonly service: string;
  /** The target in services.yaml, with `${stack}` for the stack's name. */
  readonly target: WrittenTarget;
  /** Its title for display, as the wanted stack has it. */
  readonly title: string;
}

/** What a search in files found. */
export interface Nearby {
  /** At most one for each service. */
  readonly targets: readonly NearbyTarget[];
  /** What was not taken over, and why: one sentence each. */
  readonly notes: readonly string[];
}
