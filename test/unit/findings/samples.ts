import type { Finding, Scanned } from "../../../runner/findings/finding.ts";

/** A finding of the package openssl. */
export function finding(id: string, changes: Partial<Finding> = {}): Finding {
  return {
    id,
    aliases: [],
    severity: "HIGH",
    package: { name: "openssl", version: "3.0.1" },
    fixable: "yes",
    fixedIn: "3.0.2",
    source: "ecr-enhanced",
    ...changes,
  };
}

export function scanned(findings: readonly Finding[], changes: Partial<Scanned> = {}): Scanned {
  return {
    state: "scanned",
    source: "ecr-enhanced",
    findings,
    suppressed: 0,
    scannedAt: "2026-11-20T10:00:00.000Z",
    continuous: true,
    ...changes,
  };
}
