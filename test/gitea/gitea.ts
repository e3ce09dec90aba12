import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import getPort from "get-port";
import type { Programs } from "../kubernetes/programs.ts";

/** A Gitea with two users, whose tokens may do everything that they may. */
export interface Gitea {
  /** Of its pages and its repositories. */
  readonly url: string;
  /** Of the REST API that it shares with GitHub. */
  readonly api: string;
  /** The token of an account for deployments. */
  readonly deployer: string;
  /** The token of a person. */
  readonly person: string;
  /** Makes another token of the account for deployments. */
  limitedToken(scopes: string): Promise<string>;
  /** Calls the API. @throws for what is no success */
  call(token: string, method: string, path: string, body?: object): Promise<unknown>;
}

const run = promisify(execFile);

/** Starts Gitea on loopback, with a database in the folder of the run. */
export async function startGitea(programs: Programs): Promise<Gitea> {
  const work = join(programs.folder, "gitea");
  await mkdir(work, { recursive: true });
  const program = programs.path("gitea");
  const port = await getPort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(work, "app.ini");
  const environment = { PATH: process.env.PATH, HOME: work, GITEA_WORK_DIR: work };
  const gitea = async (...words: readonly string[]) =>
    (await run(program, [...words, "--config", config], { cwd: work, env: environment })).stdout;
  const secret = async (name: string) =>
    (await run(program, ["generate", "secret", name], { cwd: work, env: environment })).stdout.trim();
  const [internal, oauth] = [await secret("INTERNAL_TOKEN"), await secret("JWT_SECRET")];
  await writeFile(config, settingsOf({ work, port, url, own: dirname(program), internal, oauth }));
  await gitea("migrate");
  const makeUser = async (name: string) => {
    const said = await gitea(
      ...["admin", "user", "create", "--username", name, "--email", `${name}@example.com`],
      ...["--random-password", "--must-change-password=false"],
      ...["--access-token", "--access-token-scopes", "all"],
    );
    return tokenIn(said);
  };
  const deployer = await makeUser("acme");
  const person = await makeUser("ann");
  programs.start("gitea", ["web", "--config", config], { environment: { HOME: work, GITEA_WORK_DIR: work } });
  await untilUp(programs, `${url}/api/v1/version`);
  return {
    url,
    api: `${url}/api/v1`,
    deployer,
    person,
    limitedToken: async (scopes) =>
      tokenIn(
        await gitea(
          ...["admin", "user", "generate-access-token", "--username", "acme"],
          ...["--token-name", scopes, "--scopes", scopes],
        ),
      ),
    async call(token, method, path, body) {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `token ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`Gitea answered ${answer.status} to ${method} ${path}: ${text}`);
      return text === "" ? undefined : (JSON.parse(text) as unknown);
    },
  };
}

function tokenIn(said: string): string {
  const token = /\b[0-9a-f]{40}\b/.exec(said)?.[0];
  if (token === undefined) throw new Error(`Gitea printed no token: ${said}`);
  return token;
}

async function untilUp(programs: Programs, address: string): Promise<void> {
  for (let look = 0; look < 300; look++) {
    programs.assertRunning();
    if ((await fetch(address).catch(() => undefined))?.ok === true) return;
    await sleep(200);
  }
  throw new Error(`Gitea does not answer at ${address}`);
}

/** https://docs.gitea.com/administration/config-cheat-sheet */
function settingsOf(place: {
  readonly work: string;
  readonly port: number;
  readonly url: string;
  /** Where its templates are. */
  readonly own: string;
  readonly internal: string;
  readonly oauth: string;
}): string {
  const { work, port, url, own, internal, oauth } = place;
  return `APP_NAME = Slipway's proof
RUN_MODE = prod
; Only where the proof itself runs as root.
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = ${work}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = ${url}/
DISABLE_SSH = true
OFFLINE_MODE = true
STATIC_ROOT_PATH = ${own}
[database]
DB_TYPE = sqlite3
PATH = ${join(work, "gitea.db")}
[security]
INSTALL_LOCK = true
SECRET_KEY = only-of-this-run
INTERNAL_TOKEN = ${internal}
[oauth2]
JWT_SECRET = ${oauth}
[log]
LEVEL = warn
[indexer]
ISSUE_INDEXER_TYPE = db
[actions]
ENABLED = false
[cron]
ENABLED = false
[service]
DISABLE_REGISTRATION = true
`;
}
