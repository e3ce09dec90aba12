import { countOfOthers, isBrief } from "../../report/brief.ts";
import type { ChangedDocument } from "./changed.ts";

/** The changed services, as text. Of many services, the summary comes first, and the unchanged are counted. */
export function showChanged({ services, removed, against }: ChangedDocument, verbose = false): string {
  const changed = services.filter((one) => one.changed);
  const compared =
    against.kind === "registry"
      ? "compared with the registry"
      : against.kind === "git"
        ? `compared with ${against.ref} (${against.commit.slice(0, 7)})`
        : `not compared: ${against.reason}`;
  const brief = isBrief(services.length, verbose);
  const lines = [
    ...(brief ? changed : services).map(
      (one) => `${one.changed ? "changed  " : "unchanged"}  ${one.service}: ${one.reason}`,
    ),
    ...removed.map(
      (name) => `removed    ${name}: no longer in services.yaml; Slipway leaves its targets alone`,
    ),
  ];
  const summary = `${changed.length} of ${services.length} changed, ${compared}`;
  if (!brief) return [...lines, "", summary].join("\n");
  const others = countOfOthers(services.length - changed.length, "service", "services", "unchanged");
  return [summary, "", ...lines, ...others].join("\n");
}

/** The outputs of a GitHub step, for later ones: `services`, `matrix`, `any`. */
export function githubOutputs({ matrix }: ChangedDocument): Readonly<Record<string, string>> {
  const names = matrix.include.map(({ service }) => service);
  return {
    services: JSON.stringify(names),
    matrix: JSON.stringify(matrix),
    any: String(names.length > 0),
  };
}
