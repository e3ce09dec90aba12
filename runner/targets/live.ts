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
