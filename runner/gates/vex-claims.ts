import type { Finding } from "../findings/finding.ts";
import type { VexProduct, VexStatement } from "../findings/vex/read.ts";
import { sameId, samePackage } from "./waivers.ts";

/** The image that a statement may be about. */
export interface VexSubject {
  readonly registry: string;
  readonly repository: string;
  /** Digests of the index and of the platform's manifest. */
  readonly digests: readonly string[];
}

/** A statement that a finding does not count. */
export type VexClaim = VexStatement & { readonly status: "not_affected" | "fixed" };

/**
 * The statement by which a finding of an image does not count: that of the latest date among those about this
 * vulnerability, this image and this package.
 */
export function vexClaim(
  statements: readonly VexStatement[],
  subject: VexSubject,
  finding: Finding,
): VexClaim | undefined {
  const about = statements.filter(
    ({ ids, products }) =>
      ids.some((id) => [finding.id, ...finding.aliases].some((own) => sameId(own, id))) &&
      (products.length === 0 || products.some((product) => isAbout(product, subject, finding))),
  );
  const latest = about.toSorted((one, other) => (one.at < other.at ? 1 : -1))[0];
  return latest !== undefined && isClearing(latest) ? latest : undefined;
}

function isClearing(statement: VexStatement): statement is VexClaim {
  return statement.status === "not_affected" || statement.status === "fixed";
}

function isAbout(product: VexProduct, subject: VexSubject, finding: Finding): boolean {
  if (product.digests.length > 0 && !product.digests.some((digest) => subject.digests.includes(digest))) {
    return false;
  }
  const isImage = product.digests.length > 0 || isImageOf(product.id, subject);
  // A product that is a package stands for that package of the image.
  const packages = isImage ? product.packages : product.id.startsWith("pkg:oci/") ? undefined : [product.id];
  if (packages === undefined) return false;
  return packages.length === 0 || packages.some((one) => one.startsWith("pkg:") && samePackage(one, finding));
}

/**
 * Whether a package URL names the image: `pkg:oci/ui@sha256%3A…?repository_url=host/shop/ui`. Without a digest it
 * names all images of the repository; without an address those of any registry.
 *
 * https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
 */
function isImageOf(id: string, { registry, repository, digests }: VexSubject): boolean {
  const [, name, version, query = ""] = /^pkg:oci\/([^@?#]+)(?:@([^?#]+))?(?:\?([^#]*))?/.exec(id) ?? [];
  if (name === undefined || decodeURIComponent(name) !== repository.split("/").at(-1)) return false;
  if (version !== undefined && !digests.includes(decodeURIComponent(version))) return false;
  const address = new URLSearchParams(query).get("repository_url");
  if (address === null) return true;
  // With the name of the image or, as some tools write it, without.
  const plain = address.replace(/^https?:\/\//, "").replace(/\/$/, "");
  const whole = `${registry}/${repository}`;
  return plain === whole || `${plain}/${name}` === whole;
}
