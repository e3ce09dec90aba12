import type { Waiver } from "../../config/waivers.ts";
import { waiverState } from "./waivers.ts";

/** Formats that other tools take accepted findings in. */
export type WaiverFormat = "openvex" | "trivy" | "grype";

/** A service whose images a waiver may be about, and the package URL of its images. */
export interface WaivedProduct {
  readonly service: string;
  /** `pkg:oci/ui?repository_url=registry/shop/ui` */
  readonly purl: string;
}

const dayMilliseconds = 24 * 60 * 60 * 1000;

/** Waivers that count on a day for all of some services: what a file without services may say. */
export function waiversOfAll(
  waivers: readonly Waiver[],
  services: readonly string[],
  now: Date,
): readonly Waiver[] {
  return waivers.filter(
    (waiver) =>
      waiverState(waiver, now) !== "expired" &&
      services.every((service) => waiver.services?.includes(service) ?? true),
  );
}

/**
 * Waivers as an OpenVEX document. One with a `justification` says `not_affected`; any other is a risk that somebody
 * took, and says `affected` with what was decided, because a VEX document tells customers the truth.
 *
 * https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md
 */
export function openVex(
  waivers: readonly Waiver[],
  products: readonly WaivedProduct[],
  { id, now }: { readonly id: string; readonly now: Date },
): object {
  const valid = waivers.filter((waiver) => waiverState(waiver, now) !== "expired");
  const owners = [...new Set(valid.map(({ owner }) => owner))].toSorted();
  return {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": id,
    author: owners.join(", ") || "unknown",
    timestamp: now.toISOString(),
    version: 1,
    tooling: "slipway",
    statements: valid.flatMap((waiver) => {
      const of = products.filter(({ service }) => waiver.services?.includes(service) ?? true);
      return of.length === 0 ? [] : [statementOf(waiver, of)];
    }),
  };
}

function statementOf(waiver: Waiver, products: readonly WaivedProduct[]): object {
  const { id, purl, reason, owner, expires, justification } = waiver;
  const subcomponents = purl === undefined ? {} : { subcomponents: [{ "@id": purl }] };
  return {
    vulnerability: { name: id },
    products: products.map((product) => ({ "@id": product.purl, ...subcomponents })),
    ...(justification === undefined
      ? { status: "affected", action_statement: `accepted until ${expires} by ${owner}: ${reason}` }
      : { status: "not_affected", justification, impact_statement: reason }),
  };
}

/**
 * Waivers as `.trivyignore.yaml`. Trivy takes a day as its first moment, so the day after is the end.
 * https://trivy.dev/latest/docs/configuration/filtering/#trivyignoreyaml
 */
export function trivyIgnore(waivers: readonly Waiver[]): object {
  return {
    vulnerabilities: waivers.map(({ id, purl, reason, owner, expires }) => ({
      id,
      ...(purl === undefined ? {} : { purls: [purl] }),
      expired_at: new Date(Date.parse(expires) + dayMilliseconds).toISOString().slice(0, 10),
      statement: `${reason} (${owner})`,
    })),
  };
}

/**
 * Waivers as `.grype.yaml`. Grype knows no end: export the file again in each run, without those that have expired.
 * https://github.com/anchore/grype#specifying-matches-to-ignore
 */
export function grypeIgnore(waivers: readonly Waiver[]): object {
  return {
    ignore: waivers.map(({ id, package: named, purl, reason, owner, expires }) => {
      const name = named ?? (purl === undefined ? undefined : nameIn(purl));
      return {
        vulnerability: id,
        "include-aliases": true,
        reason: `${reason} (${owner}, until ${expires})`,
        ...(name === undefined ? {} : { package: { name } }),
      };
    }),
  };
}

/** `pkg:npm/%40scope/left@1.0` → `@scope/left`; of a distribution's package, its name alone. */
function nameIn(purl: string): string {
  const [plain = ""] = purl.slice("pkg:".length).split(/[?#]/);
  const [type = "", ...rest] = plain.split("/");
  const whole = rest.join("/");
  const at = whole.lastIndexOf("@");
  const path = decodeURIComponent(at <= 0 ? whole : whole.slice(0, at));
  return ["deb", "apk", "rpm"].includes(type) ? (path.split("/").at(-1) ?? path) : path;
}
