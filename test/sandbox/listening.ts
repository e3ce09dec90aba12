import { readdir, readFile, readlink } from "node:fs/promises";

/** A TCP socket that a process listens on. */
export interface ListeningAddress {
  readonly pid: number;
  /** As the kernel writes it: address in hexadecimal, port. */
  readonly address: string;
  readonly loopback: boolean;
}

const listening = "0A";
/** 127.0.0.1, ::1 and ::ffff:127.0.0.1, each word least byte first. */
const loopback = /^(0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F):/;

/** Every TCP socket that one of these processes listens on. */
export async function listeningAddresses(pids: readonly number[]): Promise<ListeningAddress[]> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8")));
  const byInode = new Map(
    tables
      .flatMap((text) => text.split("\n").slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === listening)
      .map((fields) => [fields[9], fields[1] as string]),
  );
  const found = await Promise.all(
    pids.map(async (pid) => {
      const files = await readdir(`/proc/${pid}/fd`).catch((): string[] => []);
      const targets = await Promise.all(
        files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")),
      );
      return targets.flatMap((target): ListeningAddress[] => {
        const address = byInode.get(/^socket:\[(\d+)\]$/.exec(target)?.[1]);
        return address === undefined ? [] : [{ pid, address, loopback: loopback.test(address) }];
      });
    }),
  );
  return found.flat();
}
