import { createHash } from "node:crypto";
import { stringify } from "yaml";
import { loadWaivers } from "../../../config/description/waivers.ts";
import { registryHost, repositoryName } from "../../../config/names.ts";
import type { Settings } from "../../../config/settings.ts";
import type { Waiver } from "../../../config/waivers.ts";
import type { CommandContext, CommandResult } from "../../cli/command.ts";
import {
  grypeIgnore,
  openVex,
  trivyIgnore,
  type WaivedProduct,
  type WaiverFormat,
  waiversOfAll,
} from "../../gates/export.ts";
import { waiverState } from "../../gates/waivers.ts";
import { openDescription, type Selection } from "../../session/session.ts";

/** `slipway waivers export`. Asks nothing of AWS. */
export async function exportWaivers(
  request: Selection & { readonly format: WaiverFormat },
  { directory, emit }: Pick<CommandContext, "directory" | "emit">,
): Promise<CommandResult> {
  const { services, settings, catalogue } = await openDescription(directory, { ...request, sources: "none" });
  const waivers = await loadWaivers(directory, catalogue);
  const names = services.map(({ name }) => name);
  const now = new Date();
  if (request.format === "openvex") {
    const products = services.map((service): WaivedProduct => {
      const repository = repositoryName(settings, service);
      return { service: service.name, purl: purlOf(settings, repository) };
    });
    const document = openVex(waivers, products, { id: idOf(waivers, products), now });
    return { exitCode: 0, document, text: JSON.stringify(document, null, 2) };
  }
  const exported = waiversOfAll(waivers, names, now);
  const others = waivers.filter(
    (waiver) => !exported.includes(waiver) && waiverState(waiver, now) !== "expired",
  );
  if (others.length > 0) {
    const ids = others.map(({ id }) => id).join(", ");
    emit({ kind: "notice", message: `skipped ${ids}: not for all of these services: ${names.join(", ")}` });
  }
  const document = request.format === "trivy" ? trivyIgnore(exported) : grypeIgnore(exported);
  return { exitCode: 0, document, text: stringify(document) };
}

/** The package URL of a repository's images; its registry only if the stack's files say which it is. */
function purlOf(settings: Settings, repository: string): string {
  const name = repository.split("/").at(-1) ?? repository;
  const { registry, aws } = settings;
  const [account, ...others] = aws.allowedAccountIds ?? [];
  const host =
    registry ?? (account === undefined || others.length > 0 ? undefined : registryHost(settings, account));
  return host === undefined ? `pkg:oci/${name}` : `pkg:oci/${name}?repository_url=${host}/${repository}`;
}

/** An address that is the same for the same content, as OpenVEX asks for. */
function idOf(waivers: readonly Waiver[], products: readonly WaivedProduct[]): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([waivers, products]))
    .digest("hex");
  return `urn:slipway:waivers:${hash.slice(0, 32)}`;
}
