import type { Colours } from "../../report/colours.ts";
import type { CredentialsCheck, CredentialsDocument } from "./document.ts";

/** `slipway k8s credentials` as text: manifests alone, so that they can be piped; checks; or the ways. */
export function showCredentials(document: CredentialsDocument, colours: Colours): string {
  const { manifests, checks, methods, registry } = document;
  if (manifests !== undefined) return manifests;
  if (checks !== undefined) return checks.flatMap((check) => showCheck(check, colours)).join("\n");
  const { bold, dim } = colours;
  return [
    `How the nodes of a Kubernetes cluster pull from ${registry}: take the first that applies.`,
    "",
    ...methods.flatMap(({ title, when, why, steps }, index) => [
      `${index + 1}. ${bold(title)}`,
      `   when ${when}`,
      dim(`   ${why}`),
      ...steps.map((step) => `   - ${step}`),
      "",
    ]),
  ].join("\n");
}

function showCheck({ namespace, name, state, message, fix }: CredentialsCheck, colours: Colours): string[] {
  const { green, yellow, red, dim } = colours;
  const colour = { ok: green, warn: yellow, fail: red }[state];
  const line = `${colour(state.padEnd(4))}  ${namespace}: ${name}: ${message}`;
  return fix === undefined ? [line] : [line, dim(`      fix: ${fix}`)];
}
