/** `user@host:path`, git's short form of an ssh address; a Windows drive is not one. */
const scpForm = /^(?:([^@/\s]+)@)?([^:/@\s]{2,}):(?!\/\/)(.+)$/;

/** Ways to a repository that Slipway lets git take. */
const schemes = ["https:", "http:", "ssh:", "git+ssh:", "file:"];

/** What is wrong with the address of a repository; undefined when nothing is. */
export function addressFault(
  address: string,
): { readonly message: string; readonly fix: string; readonly isSecret?: true } | undefined {
  if (address.startsWith("-")) {
    return {
      message: "begins with a dash, which git takes for an option",
      fix: "write ./ in front of the path",
    };
  }
  if (/^[a-z][a-z0-9+.-]*::/i.test(address)) {
    return { message: "names a helper program of git", fix: "use an https, ssh or file address, or a path" };
  }
  const url = urlOf(address);
  if (url === undefined) return undefined;
  if (!schemes.includes(url.protocol)) {
    return {
      message: `git is not asked by ${url.protocol}//`,
      fix: "use an https, ssh or file address, or a path",
    };
  }
  const isSsh = url.protocol.includes("ssh");
  if (url.password !== "" || (url.username !== "" && !isSsh)) {
    return {
      message: "holds credentials, which git would store and services.yaml would show",
      fix: "remove them from the address; name an environment variable with tokenEnvironment, or use git's credential helper",
      isSecret: true,
    };
  }
  return undefined;
}

/** The parsed form of an address with a scheme; undefined for a path and for `user@host:path`. */
function urlOf(address: string): URL | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(address) && URL.canParse(address) ? new URL(address) : undefined;
}

/** Whether an address is a path on this machine, which may be relative to the project's directory. */
export function isPath(address: string): boolean {
  return urlOf(address) === undefined && !scpForm.test(address);
}

/**
 * The repository in few words, the same for each way to it: `acme/deploy` of `git@github.com:acme/deploy.git`
 * and of `https://github.com/acme/deploy`. Of a path, its last two parts.
 */
export function shortAddress(address: string): string {
  const path = urlOf(address)?.pathname ?? scpForm.exec(address)?.[3] ?? address;
  const parts = path
    .replaceAll("\\", "/")
    .split("/")
    .filter((part) => part !== "" && part !== "." && part !== "..");
  const name = parts
    .slice(-2)
    .join("/")
    .replace(/\.git$/, "");
  return name === "" ? address : name;
}

/**
 * Host and path of an address, without user and `.git`: `github.com` and `acme/deploy`; undefined for a
 * path on this machine.
 */
export function hostAndPath(address: string): { readonly host: string; readonly path: string } | undefined {
  const url = urlOf(address);
  const [, , scpHost, scpPath] = scpForm.exec(address) ?? [];
  // The port of ssh is not that of the API.
  const host = (url?.protocol.startsWith("http") === true ? url.host : url?.hostname) ?? scpHost ?? "";
  const path = (url?.pathname ?? scpPath ?? "").replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  return host === "" || path === "" ? undefined : { host, path };
}
