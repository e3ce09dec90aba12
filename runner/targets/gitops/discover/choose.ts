import { posix } from "node:path";
import type { WrittenTarget } from "../../../../config/targets/target.ts";
import type { NearbyTarget } from "../../live.ts";
import { faultOf } from "./check.ts";
import type { Checkout } from "./checkout.ts";
import { type Deployers, followOf } from "./follow.ts";
import type { FilePlace, NamedPlace } from "./places.ts";

/** What is asked for: the stack that init begins with, and all stacks that are known. */
export interface Wanted {
  readonly stack: string;
  readonly stacks: readonly string[];
}

/** A target that files call for; or why there is none, and where. */
export type Choice =
  | { readonly proposed: Omit<NearbyTarget, "title">; readonly notes: readonly string[] }
  | { readonly notes: readonly string[] };

/**
 * The target that a checkout calls for by the places in it that name a service's image. Nothing is guessed: of
 * places that could belong to several stacks, or to several images of one name, none is taken.
 *
 * @param places those whose image's last part is the service's name
 * @param entries names of the entries of all kustomizations in the checkout
 * @param deployers from all checkouts
 */
export function chooseTarget(
  service: string,
  checkout: Checkout,
  places: readonly NamedPlace[],
  entries: ReadonlySet<string>,
  deployers: Deployers,
  wanted: Wanted,
): Choice {
  const { stack } = wanted;
  const refuse = (why: string, where = places): Choice => ({
    notes: [`${service}: ${why}: ${placesText(checkout, where)}`],
  });
  // What an overlay replaces is not what runs.
  const real = places.filter(({ place, image }) => place.kustomize !== undefined || !entries.has(image));
  const own = real.filter(({ place }) => ownerOf(place.path, wanted) === "own");
  const shared = real.filter(({ place }) => ownerOf(place.path, wanted) === "shared");
  const others = real.length - own.length - shared.length;
  if (own.length === 0) {
    if (shared.length === 0) return refuse(`only manifests of other stacks than ${stack} name its image`);
    if (others > 0) return refuse("manifests of some stacks and manifests of all stacks name its image");
    if (new Set(shared.map(({ place }) => posix.dirname(place.path))).size > 1) {
      return refuse(`several folders name its image, and none is named after the stack ${stack}`);
    }
  }
  const chosen = unique(own.length > 0 ? own : shared);
  const images = new Set(chosen.map(({ image }) => image));
  if (images.size > 1)
    return refuse(`images of several repositories have its name (${[...images].join(", ")})`, chosen);
  if (checkout.repository === undefined)
    return refuse("the repository has no origin that services.yaml can name", chosen);
  if (checkout.branch === undefined) return refuse("the repository has no branch checked out", chosen);
  const forStack = own.length > 0 ? (text: string) => forStacks(text, stack) : (text: string) => text;
  const written = chosen.map(({ place }) => place);
  const { follow, note } = followOf(checkout.repository, checkout.branch, written, deployers, forStack);
  const targets = attempts(written, forStack).map(
    ({ files, write }): WrittenTarget => ({
      kind: "gitops",
      ...{ repository: checkout.repository, branch: checkout.branch, files },
      ...(write === undefined ? {} : { write }),
      ...(follow === undefined ? {} : { follow }),
    }),
  );
  return checked(service, checkout, targets, wanted, {
    refuse: (why) => refuse(why, chosen),
    notes: note === undefined ? [] : [`${service}: ${note}`],
  });
}

/** The first target that every stack takes, else the first that the wanted one takes. */
function checked(
  service: string,
  { label, texts, paths }: Checkout,
  targets: readonly WrittenTarget[],
  { stack, stacks }: Wanted,
  { refuse, notes }: { readonly refuse: (why: string) => Choice; readonly notes: readonly string[] },
): Choice {
  const faults = targets.map((target) => ({ target, fault: faultOf(target, service, stack, texts) }));
  const usable = faults.filter(({ fault }) => fault === undefined).map(({ target }) => target);
  const others = stacks.filter((other) => other !== stack);
  const missing = (target: WrittenTarget) =>
    others.flatMap((other) => {
      const fault = faultOf(target, service, other, texts);
      return fault === undefined
        ? []
        : [`${service}: the stack ${other} has no such manifests in ${label} yet: ${fault}`];
    });
  const [first] = usable;
  if (first === undefined)
    return refuse(faults[0]?.fault ?? `${paths.size} files hold no place that can be edited`);
  const target = usable.find((one) => missing(one).length === 0) ?? first;
  return { proposed: { service, target }, notes: [...notes, ...missing(target)] };
}

/** The ways to write a target, the plainest first. */
function attempts(
  places: readonly FilePlace[],
  forStack: (text: string) => string,
): readonly { readonly files: readonly object[]; readonly write: string | undefined }[] {
  const same = (text: string) => text;
  return [undefined, "tag@digest"].flatMap((write) =>
    [false, true].flatMap((create) =>
      [same, forStack].map((forKey) => ({
        write,
        files: places.map(({ path, kustomize, helm, yaml }) => ({
          path: forStack(path),
          ...(kustomize !== undefined && { kustomize: forKey(kustomize), ...(create && { create }) }),
          ...(helm !== undefined && { helm: forKey(helm) }),
          ...(yaml !== undefined && { yaml: forKey(yaml) }),
        })),
      })),
    ),
  );
}

/** Whose manifests lie there: the wanted stack's, another one's, or those of all. */
function ownerOf(path: string, { stack, stacks }: Wanted): "own" | "other" | "shared" {
  if (stacks.some((other) => other !== stack && stackIn(other).test(path))) return "other";
  return stackIn(stack).test(path) ? "own" : "shared";
}

function stackIn(stack: string): RegExp {
  const literal = stack.replaceAll(/[\\^$.|?+()[\]{}*]/g, "\\$&");
  return new RegExp(`(?<=^|[-_./])${literal}(?=$|[-_./])`);
}

/** A text with `${stack}` wherever the stack's name stands by itself. */
export function forStacks(text: string, stack: string): string {
  return text.replaceAll(new RegExp(stackIn(stack), "g"), () => "${stack}");
}

function unique(places: readonly NamedPlace[]): readonly NamedPlace[] {
  const seen = new Set<string>();
  return places.filter(({ place }) => {
    const key = JSON.stringify(place);
    return !seen.has(key) && seen.add(key);
  });
}

const namedPlaces = 4;

function placesText({ label }: Checkout, places: readonly NamedPlace[]): string {
  const paths = [...new Set(places.map(({ place }) => `${label}/${place.path}`))];
  const more = paths.length > namedPlaces ? ` and ${paths.length - namedPlaces} more` : "";
  return `${paths.slice(0, namedPlaces).join(", ")}${more}`;
}
