import { UserError } from "../../../../config/problems/errors.ts";
import { gitopsDeclaration } from "../../../../config/targets/gitops/kind.ts";
import type { Nearby } from "../../live.ts";
import { type Application, applicationIn, valueFilesOf } from "./applications.ts";
import { resolved } from "./check.ts";
import type { Checkout } from "./checkout.ts";
import { chooseTarget, type Wanted } from "./choose.ts";
import { type FluxObject, fluxObjectIn, valueFilesIn } from "./flux.ts";
import type { Deployers } from "./follow.ts";
import { documentsIn, isValuesFile, type NamedPlace, placesIn } from "./places.ts";

/**
 * The GitOps targets that checkouts call for. An image belongs to a service when the last part of its name is
 * the service's, as it is in ECR. A service that two checkouts name gets none.
 */
export function proposeGitops(
  checkouts: readonly Checkout[],
  { services, ...wanted }: Wanted & { readonly services: readonly string[] },
): Nearby {
  const read = checkouts.map((checkout) => ({ checkout, ...readCheckout(checkout) }));
  const deployers: Deployers = {
    applications: read.flatMap((one) => one.applications),
    flux: read.flatMap((one) => one.flux),
  };
  const seen = read.map(({ checkout, documents }) => ({
    checkout,
    places: allPlaces(checkout, documents, deployers),
  }));
  const notes = read.flatMap((one) => [...one.checkout.notes, ...one.notes]);
  const choices = services.flatMap((service) =>
    seen.flatMap(({ checkout, places }) => {
      const own = places.filter(({ image }) => image.split("/").at(-1) === service);
      if (own.length === 0) return [];
      const entries = new Set(places.flatMap(({ place }) => place.kustomize ?? []));
      return [
        { service, checkout, choice: chooseTarget(service, checkout, own, entries, deployers, wanted) },
      ];
    }),
  );
  const targets = services.flatMap((service) => {
    const found = choices.flatMap(({ service: name, checkout, choice }) =>
      name === service && "proposed" in choice ? [{ checkout, proposed: choice.proposed }] : [],
    );
    const [first] = found;
    if (first === undefined) return [];
    if (found.length > 1) {
      const labels = found.map(({ checkout }) => checkout.label).join(" and ");
      notes.push(
        `${service}: several repositories name its image, in ${labels}: add the target that deploys it by hand`,
      );
      return [];
    }
    const view = resolved(first.proposed.target, service, wanted.stack);
    const title = "target" in view ? `gitops ${gitopsDeclaration.identity(view.target)}` : "gitops";
    return [{ ...first.proposed, title }];
  });
  return { targets, notes: [...notes, ...choices.flatMap(({ choice }) => choice.notes)] };
}

type Documents = ReadonlyMap<string, readonly unknown[]>;

function readCheckout({ label, repository, texts }: Checkout): {
  readonly documents: Documents;
  readonly applications: readonly Application[];
  readonly flux: readonly FluxObject[];
  readonly notes: readonly string[];
} {
  const documents = new Map<string, readonly unknown[]>();
  const notes: string[] = [];
  for (const [path, text] of texts) {
    try {
      documents.set(path, documentsIn(path, text));
    } catch (error) {
      // The parser's own error: aliases that grow without end.
      const isKnown = error instanceof UserError || error instanceof ReferenceError;
      if (!isKnown) throw error;
      const [problem] = error instanceof UserError ? error.problems : [];
      notes.push(`${label}/${problem?.where ?? path}: ${problem?.message ?? error.message}`);
    }
  }
  const applications = [...documents.values()].flat().flatMap((document) => applicationIn(document) ?? []);
  const flux = [...documents].flatMap(([path, all]) =>
    all.flatMap((document) => fluxObjectIn(document, { path, repository }) ?? []),
  );
  return { documents, applications, flux, notes };
}

function allPlaces(
  { repository }: Checkout,
  documents: Documents,
  { applications, flux }: Deployers,
): readonly NamedPlace[] {
  const values = new Set([...valueFilesOf(applications, repository), ...flux.flatMap(valueFilesIn)]);
  return [...documents].flatMap(([path, all]) => placesIn(path, all, isValuesFile(path) || values.has(path)));
}
