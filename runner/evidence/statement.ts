import type { SbomFormat } from "../../config/stack/evidence.ts";

/** in-toto's JSON, as DSSE and Cosign name it. */
export const statementType = "application/vnd.in-toto+json";

/** A claim about artifacts: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export interface Statement {
  readonly _type: "https://in-toto.io/Statement/v1";
  readonly subject: readonly {
    readonly name?: string;
    readonly digest: Readonly<Record<string, string>>;
  }[];
  readonly predicateType: string;
  readonly predicate: object;
}

/** The claim of Cosign 3 that an image is signed, and nothing more. */
export const signaturePredicate = "https://sigstore.dev/cosign/sign/v1";

/** https://slsa.dev/spec/v1.0/provenance */
export const provenancePredicate = "https://slsa.dev/provenance/v1";

/** A bill of materials: its claim, and the artifact type by which other tools find it unsigned. */
export const sbomTypes: Readonly<
  Record<SbomFormat, { readonly predicate: string; readonly artifact: string }>
> = {
  spdx: { predicate: "https://spdx.dev/Document", artifact: "application/spdx+json" },
  cyclonedx: { predicate: "https://cyclonedx.org/bom", artifact: "application/vnd.cyclonedx+json" },
};

/**
 * A statement about a manifest of a repository.
 *
 * @param digest `sha256:…` of the index or of one platform
 * @param name `<registry>/<repository>`; Cosign's own signatures have none
 */
export function statementAbout(
  digest: string,
  predicateType: string,
  predicate: object,
  name?: string,
): Statement {
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ ...(name === undefined ? {} : { name }), digest: digestSet(digest) }],
    predicateType,
    predicate,
  };
}

/** `sha256:ab…` as in-toto has it: `{ sha256: "ab…" }`. */
export function digestSet(digest: string): Readonly<Record<string, string>> {
  const [algorithm = "", value = ""] = digest.split(":");
  return { [algorithm]: value };
}
