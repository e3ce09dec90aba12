import { Document, isMap, isNode, LineCounter, type Pair, parseDocument, stringify } from "yaml";
import type { FoundService } from "./found.ts";

/** services.yaml for services that were found. */
export function writeCatalogue(services: readonly FoundService[], source: string | undefined): string {
  const document = new Document({
    ...(source !== undefined && { source }),
    services: Object.fromEntries(services.map((service) => [service.name, entryOf(service)])),
  });
  document.commentBefore =
    " yaml-language-server: $schema=node_modules/slipway/services.schema.json\n" +
    " The catalogue: services to build, and the targets that run them. ${stack} is the stack's name.";
  const entries = document.get("services");
  if (isMap(entries)) {
    for (const [index, item] of entries.items.entries()) {
      const key = (item as Pair<{ spaceBefore?: boolean; commentBefore?: string }>).key;
      if (index > 0) key.spaceBefore = true;
      const service = services[index];
      if (service !== undefined && (service.targets ?? []).length === 0) {
        key.commentBefore = ` Add targets: targets: [{ kind: ecs, cluster: "…-\${stack}", service: ${service.name} }]`;
      }
    }
  }
  return document.toString({ lineWidth: 0 });
}

/**
 * Appends services to a services.yaml, and leaves the rest of the text unchanged. (Exception: a flow map of
 * services between braces is rewritten, with its comments.)
 *
 * @param text a valid services.yaml
 */
export function extendCatalogue(text: string, services: readonly FoundService[]): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: true, lineCounter: lines });
  const entries = document.get("services", true);
  const first = isMap(entries) && entries.flow !== true ? entries.items[0]?.key : undefined;
  if (!isMap(entries) || !isNode(first) || !first.range || !entries.range) {
    for (const one of services) document.setIn(["services", one.name], document.createNode(entryOf(one)));
    return document.toString({ lineWidth: 0 });
  }
  const indent = " ".repeat(lines.linePos(first.range[0]).col - 1);
  const added = stringify(Object.fromEntries(services.map((one) => [one.name, entryOf(one)])), {
    lineWidth: 0,
  });
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const block = added.replaceAll(/^(?=.)/gm, indent).replaceAll("\n", end);
  const before = text.slice(0, entries.range[1]).trimEnd();
  const rest = text.slice(before.length);
  // A comment on the line of the last value stays there.
  const comment = /^[^\S\n]+#[^\n]*/.exec(rest)?.[0] ?? "";
  const after = rest.slice(comment.length).replace(/^[^\S\n]*\n?/, "");
  return `${before}${comment.trimEnd()}${end}${end}${block}${after}`;
}

/** A service as services.yaml has it. */
export function entryOf(service: FoundService): Record<string, unknown> {
  const { context, dockerfile, stage, platforms, contexts, targets } = service;
  return {
    context,
    ...(dockerfile !== undefined && { dockerfile }),
    ...(stage !== undefined && { stage }),
    ...(platforms !== undefined && { platforms }),
    ...(service.arguments !== undefined && { arguments: service.arguments }),
    ...(service.secrets !== undefined && { secrets: service.secrets }),
    ...(contexts !== undefined && { contexts }),
    ...(targets !== undefined && targets.length > 0 && { targets }),
  };
}
