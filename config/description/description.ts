import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Settings } from "../stack/settings.ts";

/** Name of the catalogue's file, in the project's directory. */
export const catalogueFile = "services.yaml";

/** Name of the Pulumi project's file. */
export const projectFile = "Pulumi.yaml";

/** Name of the file that describes a stack. */
export function stackFile(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** What a stack is: the catalogue as it sees it, and its settings. */
export interface StackDescription {
  /** The project's directory, absolute. */
  readonly directory: string;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
}
