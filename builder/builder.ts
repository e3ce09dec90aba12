import { createHash } from "node:crypto";
import { execa } from "execa";
import { z } from "zod";
import { stackFile } from "../config/description/description.ts";
import { UserError } from "../config/problems/errors.ts";
import type { Builder } from "../config/settings.ts";

/** One `docker buildx create` of a builder: the first creates it, the others append a node. */
interface BuilderNode {
  /** Identifies what the node consists of, so that a changed setting changes its name. */
  readonly name: string;
  /** Arguments of `docker buildx create` beside names. */
  readonly create: readonly string[];
}

/** The name of the builder that a stack's setting selects; undefined for the machine's current one. */
export function builderName(builder: Builder, stack: string): string | undefined {
  switch (builder.kind) {
    case "default":
      return undefined;
    case "buildx":
      return builder.name;
    case "remote":
    case "kubernetes":
      return `slipway-${stack}`;
  }
}

/**
 * Makes sure that the builder of a stack's setting exists, with the nodes that the setting names.
 *
 * @throws UserError when buildx is missing or refuses
 */
export async function ensureBuilder(builder: Builder, stack: string): Promise<void> {
  const name = builderName(builder, stack);
  const nodes = builderNodes(builder, stack);
  if (name === undefined || nodes.length === 0) return;
  const existing = await existingNodes(name, stack);
  if (existing !== undefined) {
    const same = existing.length === nodes.length && nodes.every((node) => existing.includes(node.name));
    if (same) return;
    await buildx(["rm", "--force", name], stack);
  }
  for (const [index, node] of nodes.entries()) {
    await buildx(
      ["create", "--name", name, "--node", node.name, ...(index === 0 ? [] : ["--append"]), ...node.create],
      stack,
    );
  }
}

/** The nodes that a setting names; empty for builders that Slipway does not create. */
export function builderNodes(builder: Builder, stack: string): BuilderNode[] {
  switch (builder.kind) {
    case "default":
    case "buildx":
      return [];
    case "remote":
      return builder.nodes.map((node) =>
        builderNode(stack, [
          "--driver",
          "remote",
          "--platform",
          node.platforms.join(","),
          ...driverOptions(node.options),
          node.endpoint,
        ]),
      );
    case "kubernetes":
      return [
        builderNode(stack, [
          "--driver",
          "kubernetes",
          ...(builder.platforms === undefined ? [] : ["--platform", builder.platforms.join(",")]),
          ...driverOptions({
            ...builder.options,
            namespace: builder.namespace,
            replicas: String(builder.replicas),
          }),
        ]),
      ];
  }
}

function builderNode(stack: string, create: readonly string[]): BuilderNode {
  const hash = createHash("sha256").update(create.join("\0")).digest("hex").slice(0, 8);
  // buildx turns anything but letters and digits in a node's name to nothing or refuses it.
  return { name: `slipway${stack.replaceAll(/[^A-Za-z0-9]/g, "")}${hash}`, create };
}

function driverOptions(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, value]) => ["--driver-opt", `${key}=${value}`]);
}

const listedBuilderSchema = z.object({
  Name: z.string(),
  Nodes: z.array(z.object({ Name: z.string() })).nullable(),
});

/** Names of a builder's nodes; undefined when there is no such builder. */
async function existingNodes(name: string, stack: string): Promise<string[] | undefined> {
  const listed = await buildx(["ls", "--format", "{{json .}}"], stack);
  for (const line of listed.split("\n").filter((text) => text.trim() !== "")) {
    const builder = listedBuilderSchema.safeParse(JSON.parse(line));
    if (builder.success && builder.data.Name === name) {
      return (builder.data.Nodes ?? []).map((node) => node.Name);
    }
  }
  return undefined;
}

/** Runs buildx: as Docker's plugin, or by itself where there is no Docker. */
export async function buildx(args: readonly string[], stack: string): Promise<string> {
  const asPlugin = await execa("docker", ["buildx", ...args], { reject: false });
  const result = asPlugin.code === "ENOENT" ? await execa("buildx", args, { reject: false }) : asPlugin;
  if (!result.failed) return result.stdout;
  const missing = result.code === "ENOENT" || /is not a docker command/.test(result.stderr ?? "");
  throw new UserError(
    {
      code: missing ? "missing-buildx" : "builder-refused",
      where: stackFile(stack),
      key: "slipway:builder",
      message: missing
        ? "needs docker buildx, which is not installed"
        : `buildx ${args[0]} failed: ${(result.stderr || result.shortMessage || "").trim()}`,
      fix: missing
        ? "install Docker with its buildx plugin, or the buildx binary"
        : "check the nodes' endpoints and options, and that BuildKit responds there",
    },
    { exitCode: missing ? 2 : 1, cause: result },
  );
}
