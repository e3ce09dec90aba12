import { type Waiver, waiversFile, waiverWarningDays } from "../../config/waivers.ts";
import type { Finding } from "../findings/finding.ts";

/** Whether a waiver still counts on a day. */
export type WaiverState = "valid" | "ends soon" | "expired";

const dayMilliseconds = 24 * 60 * 60 * 1000;

/** The state of a waiver. It counts until the end of its last day, UTC. */
export function waiverState({ expires }: Pick<Waiver, "expires">, now: Date): WaiverState {
  const left = daysLeft(expires, now);
  if (left < 0) return "expired";
  return left <= waiverWarningDays ? "ends soon" : "valid";
}

/** Whole days from the day of `now` to a day; 0: it is today, negative: it is over. */
export function daysLeft(day: string, now: Date): number {
  const today = now.toISOString().slice(0, 10);
  return Math.round((Date.parse(day) - Date.parse(today)) / dayMilliseconds);
}

/** Whether a waiver is about a finding of a service's image, valid or not. */
export function isAbout(waiver: Waiver, service: string, finding: Finding): boolean {
  const { package: found } = finding;
  if (waiver.services !== undefined && !waiver.services.includes(service)) return false;
  if (![finding.id, ...finding.aliases].some((id) => sameId(id, waiver.id))) return false;
  if (waiver.package !== undefined && waiver.package !== found.name) return false;
  return waiver.purl === undefined || samePackage(waiver.purl, finding);
}

/** Whether a waiver is about an image without a scan result, by the status of its scan. */
export function isAboutStatus(waiver: Waiver, service: string, status: string): boolean {
  if (waiver.services !== undefined && !waiver.services.includes(service)) return false;
  return sameId(waiver.id, status) && waiver.package === undefined && waiver.purl === undefined;
}

/** Ids are not case-sensitive; sources write them in either. */
export function sameId(one: string, other: string): boolean {
  return one.toUpperCase() === other.toUpperCase();
}

/**
 * Compares package URLs without qualifiers (`?arch=…`). Where the source names a package only, its name and
 * version are compared.
 */
export function samePackage(purl: string, { package: found }: Finding): boolean {
  const wanted = partsOf(purl);
  const has = found.purl === undefined ? undefined : partsOf(found.purl);
  if (has !== undefined) {
    return (
      has.type === wanted.type &&
      has.path === wanted.path &&
      (wanted.version === undefined || wanted.version === has.version)
    );
  }
  const [name = ""] = wanted.path.split("/").slice(-1);
  const isName = found.name === name || found.name === wanted.path;
  return isName && (wanted.version === undefined || wanted.version === found.version);
}

/** `pkg:deb/debian/openssl@3.0?arch=amd64` → `deb`, `debian/openssl`, `3.0`. An `@` may begin an npm scope. */
function partsOf(purl: string) {
  const [plain = ""] = purl.slice("pkg:".length).split(/[?#]/);
  const [type = "", ...rest] = plain.split("/");
  const whole = rest.join("/");
  const at = whole.lastIndexOf("@");
  const [path, version] = at <= 0 ? [whole, undefined] : [whole.slice(0, at), whole.slice(at + 1)];
  return {
    type: type.toLowerCase(),
    path: decodeURIComponent(path),
    version: version === undefined ? undefined : decodeURIComponent(version),
  };
}

/** What should be known of a waiver: one line each, for people. */
export function waiverNotices(
  waivers: readonly Waiver[],
  used: ReadonlySet<Waiver>,
  now: Date,
): readonly string[] {
  return waivers.flatMap((waiver): string[] => {
    const { id, owner, expires } = waiver;
    const state = waiverState(waiver, now);
    const days = daysLeft(expires, now);
    const name = `${waiversFile}: the waiver of ${id}`;
    if (!used.has(waiver)) {
      return [
        `${name} is not used: no image of this run has this finding (owner: ${owner}, expires ${expires})`,
      ];
    }
    if (state === "expired") return [`${name} expired on ${expires} (owner: ${owner})`];
    if (state === "valid") return [];
    const when = days === 0 ? "today" : days === 1 ? "tomorrow" : `in ${days} days`;
    return [`${name} expires ${when}, on ${expires} (owner: ${owner})`];
  });
}
