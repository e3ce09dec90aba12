import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";

/** What the file system says of a file; any change of content changes it, but for what `settle` is for. */
export interface FileStamp {
  /** Bytes. */
  readonly size: bigint;
  /** Nanoseconds since 1970. */
  readonly modified: bigint;
  /** Nanoseconds since 1970; nobody can set it back. */
  readonly changed: bigint;
  readonly inode: bigint;
}

/**
 * Remembers contents' hashes by path and stamp, so that a file that did not change is not read again.
 * It can only make hashing faster, never wrong: Slipway reads files again if in doubt.
 */
export interface ContentCache {
  /** The SHA-256 of the content, in hexadecimal digits; undefined: it has to be read. */
  find(path: string, stamp: FileStamp): string | undefined;
  /** @param stamp as it was before the content was read */
  add(path: string, stamp: FileStamp, hash: string): void;
  /** Writes the cache atomically. If several processes write, the last one wins. */
  save(): void;
}

/** An empty cache, for folders in which Slipway must not write. */
export const noContentCache: ContentCache = { find: () => undefined, add: () => {}, save: () => {} };

/** Where it is, from the project's directory. */
export const contentCacheFile = ".slipway/source-cache";

/**
 * A file younger than this when it is looked at is not remembered: it could be written again within
 * the same tick of the file system's clock and look the same (git calls such index entries racily
 * clean). Two seconds is the coarsest clock that file systems have.
 */
const settleMilliseconds = 2000;

/** Entries that nobody asked for during so many days are dropped when the file is written next. */
const keptDays = 30;

/** Signature and version of the file's layout. */
const magic = Buffer.from("slipsrc1");
const headerBytes = magic.length + 8;
const stampWords = 4;
const hashBytes = 32;

/**
 * Opens the project's cache. One that is missing, damaged or can't be written is an empty one: the
 * cache is never a reason to fail.
 *
 * @param settle for tests: milliseconds after which a file's stamp is trusted
 */
export function openContentCache(directory: string, settle = settleMilliseconds): ContentCache {
  const file = join(directory, contentCacheFile);
  const known = readEntries(file);
  const learnt = new Map<string, { stamp: FileStamp; hash: string }>();
  const asked = new Uint8Array(known.paths.length);
  const now = clockOf(file);
  return {
    find: (path, { size, modified, changed, inode }) => {
      const index = known.indexOf.get(path);
      if (index === undefined) return undefined;
      const word = index * stampWords;
      const { stamps } = known;
      if (
        stamps[word] !== size ||
        stamps[word + 1] !== modified ||
        stamps[word + 2] !== changed ||
        stamps[word + 3] !== inode
      ) {
        return undefined;
      }
      asked[index] = 1;
      return known.hashes.toString("hex", index * hashBytes, (index + 1) * hashBytes);
    },
    add: (path, stamp, hash) => {
      if (now === undefined) return;
      const youngest = stamp.changed > stamp.modified ? stamp.changed : stamp.modified;
      if (youngest + BigInt(settle) * 1_000_000n <= now) learnt.set(path, { stamp, hash });
    },
    save: () => {
      if (learnt.size > 0) writeEntries(file, known, asked, learnt);
    },
  };
}

interface Entries {
  readonly paths: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Four words an entry: size, modified, changed, inode. */
  readonly stamps: BigUint64Array;
  readonly hashes: Buffer;
  /** Day (since 1970) on which each entry was asked for last. */
  readonly days: Uint16Array;
}

/**
 * The file system's own time, which files' stamps are held against; undefined: nothing can be written here.
 */
function clockOf(file: string): bigint | undefined {
  const probe = `${file}.${process.pid}.clock`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(probe, "");
    const { mtimeNs } = statSync(probe, { bigint: true });
    rmSync(probe);
    return mtimeNs;
  } catch {
    return undefined;
  }
}

/** Layout: magic, number of entries, CRC-32 of the rest, stamps, hashes, days, paths separated by NUL. */
function readEntries(file: string): Entries {
  const empty = entriesOf([], new BigUint64Array(), Buffer.alloc(0), new Uint16Array());
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return empty;
  }
  if (bytes.length < headerBytes || !bytes.subarray(0, magic.length).equals(magic)) return empty;
  const count = bytes.readUInt32LE(magic.length);
  const body = bytes.subarray(headerBytes);
  if (crc32(body) !== bytes.readUInt32LE(magic.length + 4)) return empty;
  const stampsEnd = count * stampWords * 8;
  const hashesEnd = stampsEnd + count * hashBytes;
  const daysEnd = hashesEnd + count * 2;
  if (body.length < daysEnd) return empty;
  // Copies, so that they are aligned as typed arrays need it.
  const stamps = new BigUint64Array(new Uint8Array(body.subarray(0, stampsEnd)).buffer);
  const days = new Uint16Array(new Uint8Array(body.subarray(hashesEnd, daysEnd)).buffer);
  const paths = count === 0 ? [] : body.toString("utf8", daysEnd).split("\0");
  return paths.length === count ? entriesOf(paths, stamps, body.subarray(stampsEnd, hashesEnd), days) : empty;
}

function entriesOf(
  paths: readonly string[],
  stamps: BigUint64Array,
  hashes: Buffer,
  days: Uint16Array,
): Entries {
  const indexOf = new Map<string, number>();
  for (let index = 0; index < paths.length; index++) indexOf.set(paths[index] as string, index);
  return { paths, indexOf, stamps, hashes, days };
}

function writeEntries(
  file: string,
  known: Entries,
  asked: Uint8Array,
  learnt: ReadonlyMap<string, { readonly stamp: FileStamp; readonly hash: string }>,
): void {
  const today = Math.floor(Date.now() / 86_400_000);
  const kept = known.paths.flatMap((path, index) => {
    if (learnt.has(path)) return [];
    const day = asked[index] === 1 ? today : (known.days[index] ?? 0);
    return today - day > keptDays ? [] : [{ index, day }];
  });
  const count = kept.length + learnt.size;
  const stamps = new BigUint64Array(count * stampWords);
  const hashes = Buffer.alloc(count * hashBytes);
  const days = new Uint16Array(count);
  const paths: string[] = [];
  for (const { index, day } of kept) {
    const at = paths.push(known.paths[index] as string) - 1;
    stamps.set(known.stamps.subarray(index * stampWords, (index + 1) * stampWords), at * stampWords);
    known.hashes.copy(hashes, at * hashBytes, index * hashBytes, (index + 1) * hashBytes);
    days[at] = day;
  }
  for (const [path, { stamp, hash }] of learnt) {
    const at = paths.push(path) - 1;
    stamps.set([stamp.size, stamp.modified, stamp.changed, stamp.inode], at * stampWords);
    hashes.write(hash, at * hashBytes, "hex");
    days[at] = today;
  }
  const body = Buffer.concat([
    Buffer.from(stamps.buffer),
    hashes,
    Buffer.from(days.buffer),
    Buffer.from(paths.join("\0")),
  ]);
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(count, magic.length);
  header.writeUInt32LE(crc32(body), magic.length + 4);
  const fresh = `${file}.${process.pid}.new`;
  try {
    writeFileSync(fresh, Buffer.concat([header, body]));
    renameSync(fresh, file);
  } catch {
    // A full disk, or a folder that has gone: the next run reads again what this one did.
  }
}
