import * as pulumi from "@pulumi/pulumi";
import { declarationNames } from "../config/names.ts";

/**
 * Notes in the stack's state that the resources of this declaration are about to change, before any of them
 * does. Free of charge: Pulumi keeps the note itself.
 */
export async function beginDeclaration(hash: string): Promise<void> {
  const { urn } = new pulumi.Stash(declarationNames.begun, { input: hash });
  await new Promise<void>((resolve) => {
    urn.apply(() => resolve());
  });
}

/**
 * Notes in the stack's state that all resources of this declaration are as declared. The engine does not come
 * to it if one of them fails, or if a person updates only some of them.
 */
export function completeDeclaration(hash: string, declared: readonly pulumi.Resource[]): void {
  new pulumi.Stash(declarationNames.complete, { input: hash }, { dependsOn: [...declared] });
}
