import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Settings } from "../settings.ts";

/** Name of the catalogue file in the project directory. */
export const catalogueFile = "services.yaml";

/** Name of the Pulumi project's file. */
export const projectFile = "Pulumi.yaml";

/** Name of the file that describes a stack. */
export function stackFile(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** A stack's description: its view of the catalogue, and its settings. */
export interface StackDescription {
  /** Absolute path of the project directory. */
  readonly directory: string;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
}
