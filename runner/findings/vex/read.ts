import { z } from "zod";

/** https://openvex.dev/ns, as in `@context` of a document and as a predicate type of in-toto. */
export const openVexContext = "https://openvex.dev/ns";

/** What is said of a product: a whole image, or a package in it. */
export interface VexProduct {
  /** Package URL, or another identifier. */
  readonly id: string;
  /** `sha256:…` digests that it has. */
  readonly digests: readonly string[];
  /** The packages of the product that it is about; empty: all of it. */
  readonly packages: readonly string[];
}

/** One statement of an OpenVEX document. */
export interface VexStatement {
  /** Names of the vulnerability: its id and its aliases. */
  readonly ids: readonly string[];
  readonly status: "not_affected" | "affected" | "fixed" | "under_investigation";
  /** Empty: what the document is attached to. */
  readonly products: readonly VexProduct[];
  /** Why it is not affected, in one line. */
  readonly because: string;
  readonly author: string;
  /** When it was said (ISO 8601); the later statement counts. */
  readonly at: string;
}

const identified = z.union([
  z.string(),
  z.looseObject({
    "@id": z.string().optional(),
    identifiers: z.looseObject({ purl: z.string().optional() }).optional(),
    hashes: z.record(z.string(), z.string()).optional(),
    subcomponents: z.array(z.unknown()).optional(),
  }),
]);

const statementSchema = z.looseObject({
  // A text in version 0.0 of the specification.
  vulnerability: z.union([
    z.string(),
    z.looseObject({ name: z.string(), aliases: z.array(z.string()).optional() }),
  ]),
  products: z.array(identified).optional(),
  status: z.enum(["not_affected", "affected", "fixed", "under_investigation"]),
  justification: z.string().optional(),
  impact_statement: z.string().optional(),
  timestamp: z.string().optional(),
  last_updated: z.string().optional(),
});

const documentSchema = z.looseObject({
  "@context": z.string().startsWith(openVexContext),
  author: z.string().default("unknown"),
  timestamp: z.string().default(""),
  statements: z.array(statementSchema),
});

/**
 * The statements of an OpenVEX document, as it is attached or as the predicate of a signed statement; undefined when
 * it is none.
 *
 * https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md
 */
export function readVex(document: unknown): readonly VexStatement[] | undefined {
  const { author, timestamp, statements } = documentSchema.safeParse(document).data ?? {};
  return statements?.map(
    ({ vulnerability, products = [], status, ...one }): VexStatement => ({
      ids:
        typeof vulnerability === "string"
          ? [vulnerability]
          : [vulnerability.name, ...(vulnerability.aliases ?? [])],
      status,
      products: products.flatMap(productOf),
      because: one.impact_statement ?? one.justification ?? "no reason given",
      author: author ?? "unknown",
      at: one.last_updated ?? one.timestamp ?? timestamp ?? "",
    }),
  );
}

function productOf(written: z.output<typeof identified>): VexProduct[] {
  if (typeof written === "string") return [{ id: written, digests: [], packages: [] }];
  const { hashes = {}, subcomponents = [] } = written;
  const packages = subcomponents.flatMap((one) => {
    const read = identified.safeParse(one).data;
    return read === undefined ? [] : productOf(read).map(({ id }) => id);
  });
  const digests = Object.entries(hashes).flatMap(([algorithm, value]) =>
    /^sha-?256$/i.test(algorithm) ? [`sha256:${value.toLowerCase()}`] : [],
  );
  return [{ id: written.identifiers?.purl ?? written["@id"] ?? "", digests, packages }];
}
