import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { UserError } from "../../config/problems/errors.ts";
import { machineNames } from "../folder.ts";
import { link } from "./network/link.ts";
import { type Health, healthy, type Part, type Sandbox, type Started, unhealthy } from "./part.ts";

const table = "/proc/sys/fs/binfmt_misc";
const name = "emulation";

/** The kernel's way to run arm64 programs on another processor: build steps and functions need it. */
export const emulation: Part = {
  name,
  title: "arm64 emulation: runs build steps and functions of the other platform",
  needs: [],
  // None: only a machine without emulation needs QEMU.
  tools: [],
  check,
  start,
  stop,
};

/** Beginning of every arm64 ELF program, and which bits of it count. */
const magic = "\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00";
const mask =
  "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff";

/** Both flags are needed: see `start`. The kernel lists them in this order. */
const usable = /^flags: .*P.*F/m;

async function check(_sandbox: Sandbox, record: { address: string }): Promise<Health> {
  if (record.address === "native") return healthy;
  const entry = await readFile(record.address, "utf8").catch(() => "");
  return entry.startsWith("enabled") && usable.test(entry)
    ? healthy
    : unhealthy(`${record.address} is not enabled`);
}

async function start(sandbox: Sandbox): Promise<Started> {
  const other = process.arch === "arm64" ? "x86_64" : "aarch64";
  const existing = await enabledFor(other);
  if (existing !== undefined) {
    return { version: "machine's own", origin: "machine", address: existing };
  }
  if (other === "x86_64") throw unavailable(other);
  const tool = await sandbox.tool("qemu-aarch64");
  await mountTable(sandbox);
  const { binaryFormat } = machineNames(sandbox.folder.id);
  await remove(binaryFormat);
  // F: the kernel opens the program now, so containers with any root can use it.
  // P: the program gets the name it was called by; without it BusyBox confuses its applets.
  // Debian's QEMU also wants the interpreter's name to say so.
  const interpreter = join(sandbox.folder.directory, "aarch64-binfmt-P");
  await link(tool.path, interpreter);
  await writeFile(join(table, "register"), `:${binaryFormat}:M::${magic}:${mask}:${interpreter}:OPF`);
  return { version: tool.version, origin: tool.origin, address: join(table, binaryFormat) };
}

async function stop(sandbox: Sandbox): Promise<void> {
  const { store, folder } = sandbox;
  await remove(machineNames(folder.id).binaryFormat);
  if (!store.current().mountedBinaryFormats) return;
  const left = (await readdir(table).catch((): string[] => [])).filter(
    (entry) => !["register", "status"].includes(entry),
  );
  // Another sandbox, or the user, has put something there since: it stays for them.
  if (left.length === 0) await execa("umount", [table], { reject: false });
  await store.update((state) => ({ ...state, mountedBinaryFormats: false }));
}

/**
 * Path of the table's entry that runs this processor's programs in any container, if it isn't a sandbox's.
 */
async function enabledFor(processor: string): Promise<string | undefined> {
  for (const entry of await readdir(table).catch((): string[] => [])) {
    if (!entry.includes(processor) || entry.startsWith("slipway-")) continue;
    const text = await readFile(join(table, entry), "utf8").catch(() => "");
    if (text.startsWith("enabled") && usable.test(text)) return join(table, entry);
  }
  return undefined;
}

async function mountTable({ store }: Sandbox): Promise<void> {
  const entries = await readdir(table).catch((): string[] => []);
  const others = entries.filter((entry) => entry.startsWith("slipway-"));
  if (entries.includes("register")) {
    // Mounted by another sandbox: whichever goes last unmounts it.
    if (others.length > 0) await store.update((state) => ({ ...state, mountedBinaryFormats: true }));
    return;
  }
  await store.update((state) => ({ ...state, mountedBinaryFormats: true }));
  await execa("mount", ["-t", "binfmt_misc", "binfmt_misc", table]).catch(async (error: unknown) => {
    // Another sandbox that comes up at the same moment may have been quicker.
    if (!(await readdir(table)).includes("register")) throw error;
  });
}

/** Writing -1 to an entry removes it. */
async function remove(entry: string): Promise<void> {
  if (!(await readdir(table).catch((): string[] => [])).includes(entry)) return;
  await writeFile(join(table, entry), "-1");
}

function unavailable(processor: string): UserError {
  return new UserError({
    code: "no-emulation",
    message: `this machine can't run ${processor} programs, and the sandbox has an emulator for amd64 machines only`,
    fix: "run: sudo apt-get install qemu-user-static binfmt-support",
  });
}
