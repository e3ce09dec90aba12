import type { SandboxFolder } from "../folder.ts";

/**
 * Variables that a process of the sandbox takes over from the machine: where and how it is, not who the
 * user is.
 */
const inherited = [
  "PATH",
  "LANG",
  "LC_ALL",
  "TZ",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** The environment of what the sandbox starts: HOME is in its folder, so nothing reads the user's own. */
export function processEnvironment(
  folder: SandboxFolder,
  own: NodeJS.ProcessEnv,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept = inherited.flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), HOME: folder.home, ...more };
}
