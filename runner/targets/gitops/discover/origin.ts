import { relative, resolve } from "node:path";
import { addressFault, isPath } from "../../../../config/targets/gitops/address.ts";

/**
 * A remote's address as services.yaml may hold it: without user and password for https, without password for ssh.
 * A path becomes one from the project's directory.
 *
 * @param top the checkout's, which a relative path in git's configuration starts from
 * @returns undefined for an address that a target can't have
 */
export function writtenAddress(origin: string, top: string, directory: string): string | undefined {
  if (origin === "") return undefined;
  const address = withoutCredentials(origin);
  if (address === undefined || addressFault(address) !== undefined) return undefined;
  if (!isPath(address)) return address;
  const path = relative(directory, resolve(top, address)).replaceAll("\\", "/");
  return path.startsWith("../") ? path : `./${path}`;
}

function withoutCredentials(address: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    if (!URL.canParse(address)) return undefined;
    const url = new URL(address);
    url.password = "";
    if (!url.protocol.includes("ssh")) url.username = "";
    url.search = "";
    url.hash = "";
    return url.href;
  }
  // user:password@host:path
  return address.replace(/^([^/:@\s]+):[^/@\s]*@/, "$1@");
}
