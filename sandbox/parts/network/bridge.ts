import { readdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { execa } from "execa";
import { UserError } from "../../../config/problems/errors.ts";
import { machineNames } from "../../folder.ts";
import type { Sandbox } from "../part.ts";
import { freeSubnet, readRoutes } from "./subnet.ts";

/** The network that containers of the sandbox's own Docker daemon are in; made when it isn't there. */
export async function makeBridge(sandbox: Sandbox): Promise<string> {
  const { bridge } = machineNames(sandbox.folder.id);
  if (networkInterfaces()[bridge]?.some((address) => address.family === "IPv4")) return bridge;
  await removeBridge(sandbox.folder.id, ip(sandbox));
  const subnet = freeSubnet(sandbox.folder.id, await readRoutes());
  if (subnet === undefined) {
    throw new UserError({
      code: "no-free-subnet",
      message: "every network in 10.208.0.0/12 is taken",
      fix: "free one of them, or start your own Docker daemon: the sandbox then uses it",
    });
  }
  const run = ip(sandbox);
  await run(["link", "add", "name", bridge, "type", "bridge"]);
  await run(["addr", "add", subnet, "dev", bridge]);
  await run(["link", "set", bridge, "up"]);
  return bridge;
}

/** Removes the sandbox's network; fine when there is none. */
export async function removeBridge(
  id: string,
  run: (args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const { bridge } = machineNames(id);
  if (process.platform !== "linux" || !(await interfaceExists(bridge))) return;
  await run(["link", "del", bridge]);
}

async function interfaceExists(name: string): Promise<boolean> {
  return (await readdir("/sys/class/net").catch((): string[] => [])).includes(name);
}

/** `ip`, or BusyBox's where the machine has none. */
export function ip(sandbox: Sandbox): (args: readonly string[]) => Promise<unknown> {
  return async (args) => {
    try {
      await execa("ip", args);
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
      const busybox = await sandbox.tool(process.arch === "arm64" ? "busybox-arm64" : "busybox-amd64");
      await execa(busybox.path, ["ip", ...args]);
    }
  };
}
