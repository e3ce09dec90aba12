import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type SandboxFolder, sandboxFolder } from "./folder.ts";
import { tlsFiles } from "./parts/registry.ts";
import { ecrEndpoint, type SandboxState } from "./state.ts";

const profile = "sandbox";
/** Not a secret: the emulator takes any. */
const accessKey = { id: "test", secret: "test" };

/**
 * Variables with which every tool finds the sandbox, and nothing of the user's own. `${NAME}` stands for
 * the value that the variable has in the user's environment.
 */
export function sandboxEnvironment(state: SandboxState): Readonly<Record<string, string>> {
  const folder = sandboxFolder(state.root);
  return {
    PATH: `${literal(folder.programs)}:\${PATH}`,
    PULUMI_HOME: literal(folder.pulumiHome),
    PULUMI_BACKEND_URL: `file://${literal(folder.pulumiState)}`,
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
    DOCKER_HOST: literal(state.dockerHost),
    DOCKER_CONTEXT: "default",
    DOCKER_TLS_VERIFY: "",
    DOCKER_CONFIG: literal(folder.dockerConfig),
    BUILDX_CONFIG: literal(folder.buildxConfig),
    BUILDX_BUILDER: state.builder,
    // The image provider's registry client takes no other way to trust a certificate.
    SSL_CERT_FILE: literal(tlsFiles(folder).bundle),
    ...awsVariables(folder, state),
    NO_PROXY: "localhost,127.0.0.1,${NO_PROXY}",
  };
}

function awsVariables(folder: SandboxFolder, state: SandboxState): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: accessKey.id,
    AWS_SECRET_ACCESS_KEY: accessKey.secret,
    AWS_SESSION_TOKEN: "",
    // A profile of the user's would be preferred to the keys; an empty one is an error to some SDKs.
    AWS_PROFILE: profile,
    AWS_CONFIG_FILE: literal(join(folder.aws, "config")),
    AWS_SHARED_CREDENTIALS_FILE: literal(join(folder.aws, "credentials")),
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_REGION: state.region,
    AWS_DEFAULT_REGION: state.region,
    AWS_ENDPOINT_URL: state.endpoint,
    AWS_ENDPOINT_URL_ECR: ecrEndpoint(state),
  };
}

/** A value in which `$` means itself. */
function literal(value: string): string {
  return value.replaceAll("$", "\\$");
}

/** The variables as a dotenv file. */
export function dotenvText(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quotedForDotenv(value)}`);
  return `# Written by \`slipway sandbox up\`: how tools find the sandbox.\n${lines.join("\n")}\n`;
}

function quotedForDotenv(value: string): string {
  if (/^[\w./:@%+,=${}\\-]*$/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

/** The variables as commands for a POSIX shell: `eval "$(slipway sandbox env)"`. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quotedForShell(value)}`)
    .join("\n");
}

/** In double quotes; only `${NAME}` is left for the shell to fill in. */
function quotedForShell(value: string): string {
  const parts = value.split(/(\$\{[A-Z_]+\})/);
  const text = parts
    .map((part, index) =>
      index % 2 === 1
        ? `\${${part.slice(2, -1)}-}`
        : part.replaceAll("\\$", "$").replace(/[\\"$`]/g, (character) => `\\${character}`),
    )
    .join("");
  return `"${text}"`;
}

/** Writes the environment file, and the AWS files it names. */
export async function writeEnvironment(state: SandboxState): Promise<void> {
  const folder = sandboxFolder(state.root);
  await mkdir(folder.aws, { recursive: true });
  await writeFile(join(folder.aws, "config"), `[profile ${profile}]\nregion = ${state.region}\n`);
  await writeFile(
    join(folder.aws, "credentials"),
    `[${profile}]\naws_access_key_id = ${accessKey.id}\naws_secret_access_key = ${accessKey.secret}\n`,
  );
  await mkdir(dirname(state.environmentFile), { recursive: true });
  await writeFile(`${state.environmentFile}.new`, dotenvText(sandboxEnvironment(state)), { mode: 0o600 });
  await rename(`${state.environmentFile}.new`, state.environmentFile);
}
