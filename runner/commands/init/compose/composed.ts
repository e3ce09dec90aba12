import type { Found } from "../found.ts";

/** What a compose file builds. */
export interface Composed extends Found {
  /** Dockerfiles of services that were left out: nobody else is to take them. */
  readonly leftOut: readonly string[];
}

/** A service of a compose file, and where it stands. */
export interface ComposeService {
  readonly path: string;
  readonly key: string;
  /** `compose.yaml:12` for a key. */
  readonly line: (key: readonly PropertyKey[]) => string;
  readonly services: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
}
