import type { ApplicationResource } from "./application.ts";

const most = 4;

/** `: Deployment/ui, Service/ui`; empty for none. */
export function listed(resources: readonly ApplicationResource[]): string {
  if (resources.length === 0) return "";
  const names = resources.slice(0, most).map(nameOf);
  const more = resources.length > most ? `, ${resources.length - most} more` : "";
  return `: ${names.join(", ")}${more}`;
}

/** Resources with a health, and what it says: `Deployment/ui: Waiting for rollout to finish`. */
export function describeResources(resources: readonly ApplicationResource[], status: string): string {
  const some = resources.filter((one) => one.health?.status === status);
  const said = some
    .slice(0, most)
    .map((one) => `${nameOf(one)}${one.health?.message ? `: ${one.health.message}` : ""}`);
  return [...said, ...(some.length > most ? [`${some.length - most} more`] : [])].join("; ");
}

/** What runs pods, and keeps them running. */
export function isWorkload({ kind }: Pick<ApplicationResource, "kind">): boolean {
  return ["Deployment", "StatefulSet", "DaemonSet", "Rollout"].includes(kind);
}

/** `Deployment/ui` */
export function nameOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}

/** Whether Argo Rollouts ended a rollout and went back; it then calls the Rollout Degraded. */
export function isRolloutAborted({ kind, health }: ApplicationResource): boolean {
  return kind === "Rollout" && health?.status === "Degraded" && /abort/i.test(health.message ?? "");
}
