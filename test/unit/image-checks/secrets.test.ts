import { describe, expect, test } from "vitest";
import { suspectedSecrets } from "../../../runner/image-checks/secrets.ts";

const look = (changes: Partial<Parameters<typeof suspectedSecrets>[0]>) =>
  suspectedSecrets({ environment: [], labels: {}, history: [], ...changes });
const env = (...environment: string[]) => look({ environment });
const history = (...lines: string[]) => look({ history: lines.map((by) => ({ by })) });

/** Put together here, so that no scanner of this repository takes them for real. */
const letters = "0123456789abcdefghijABCDEFGHIJ0123456789";
const github = `ghp_${letters.slice(0, 36)}`;
const aws = `AKIA${"QYZ2".repeat(4)}`;
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${letters}`;

describe("a secret in an image is found", () => {
  test.each([
    ["an AWS access key", env(`AWS_ACCESS_KEY_ID=${aws}`), "ENV AWS_ACCESS_KEY_ID", "an AWS access key"],
    [
      "a GitHub token of a build argument",
      history(`RUN |2 GITHUB_TOKEN=${github} VERSION=1 /bin/sh -c npm ci # buildkit`),
      "ARG GITHUB_TOKEN",
      "a GitHub token",
    ],
    [
      "a token in a command",
      history("FROM x", `RUN /bin/sh -c curl -H 'Authorization: ${jwt}' https://a # buildkit`),
      "history 2",
      "a JSON web token",
    ],
    [
      "a private key in a label",
      look({ labels: { key: "-----BEGIN RSA PRIVATE KEY-----\nMII" } }),
      "label key",
      "a private key",
    ],
    [
      "a password in an address",
      env("DATABASE_URL=postgres://shop:hunter22@db:5432/shop"),
      "ENV DATABASE_URL",
      "a password in an address",
    ],
    [
      "a variable that is named like one",
      env("DB_PASSWORD=correct-horse"),
      "ENV DB_PASSWORD",
      "a value of a variable that is named like a secret",
    ],
    [
      "an argument that is named like one",
      history("ARG API_KEY=k3yk3yk3y"),
      "ARG API_KEY",
      "a value of a variable that is named like a secret",
    ],
    [
      "one in quotes",
      env('ADMIN_TOKEN="a1b2c3d4e5"'),
      "ENV ADMIN_TOKEN",
      "a value of a variable that is named like a secret",
    ],
    [
      "an npm token",
      history(`RUN /bin/sh -c echo //registry.npmjs.org/:_authToken=npm_${letters.slice(0, 36)} > .npmrc`),
      "history 1",
      "an npm token",
    ],
    [
      "a Slack token",
      env(`HOOK=xoxb-${"1".repeat(12)}-${letters.slice(0, 24)}`),
      "ENV HOOK",
      "a Slack token",
    ],
    ["a Stripe key", env(`PAY=sk_live_${letters.slice(0, 24)}`), "ENV PAY", "a Stripe key"],
  ])("%s", (_, found, where, what) => {
    expect(found).toEqual([expect.objectContaining({ where, what })]);
  });

  test("with its beginning only", () => {
    const [found] = env(`GITHUB_TOKEN=${github}`);
    expect(found?.excerpt).toBe("ghp_…");
    expect(env("X_TOKEN=abcdef")[0]?.excerpt).toBe("ab…");
  });

  test("once, though history repeats ENV", () => {
    expect(
      look({ environment: [`T_TOKEN=${github}`], history: [{ by: `ENV T_TOKEN=${github}` }] }),
    ).toHaveLength(1);
  });
});

/** Instructions and variables of images that many use, and of Dockerfiles as people write them. */
describe("no alarm is given for", () => {
  test.each([
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
    "PYTHON_SHA256=5462f9099dfd30e238def83c71d91897d8caa5ff6ebc7a50f14d4802cdaaa79a",
    "NODE_VERSION=24.1.0",
    "YARN_VERSION=1.22.22",
    "PHP_CFLAGS=-fstack-protector-strong -fpic -fpie -O2 -D_LARGEFILE_SOURCE",
    "PHP_ASC_URL=https://www.php.net/distributions/php-8.4.1.tar.xz.asc",
    "GOPATH=/go",
    "NGINX_VERSION=1.27.3",
    "PKG_RELEASE=1~bookworm",
    "JAVA_HOME=/opt/java/openjdk",
    "POSTGRES_PASSWORD_FILE=/run/secrets/password",
    "DB_PASSWORD=",
    "DB_PASSWORD=${DB_PASSWORD}",
    "DB_PASSWORD=$DB_PASSWORD",
    "SECRET_KEY=changeme",
    "AWS_SECRET_ACCESS_KEY=<your key>",
    "API_TOKEN=/run/secrets/api_token",
    "ENABLE_AUTH=true",
    "TOKEN_TTL=3600",
    "MAX_TOKENS=4096",
    "PASSWORD_MIN_LENGTH=12",
    "AUTHOR=shop team",
    "KEYBOARD=us",
    "HTTP_PROXY=http://proxy.internal:3128",
    "DATABASE_URL=postgres://shop:${DB_PASSWORD}@db:5432/shop",
    "SECRET_ARN=arn:aws:secretsmanager:eu-west-1:111122223333:secret:x",
    "VAULT_TOKEN=vault://kv/shop",
    "GIT_COMMIT=0123456789abcdef0123456789abcdef01234567",
    "LANG=C.UTF-8",
  ])("ENV %s", (entry) => {
    expect(env(entry)).toEqual([]);
  });

  test.each([
    '/bin/sh -c #(nop)  CMD ["bash"]',
    "/bin/sh -c #(nop) ADD file:b4987bca8c4c4c640d6b71dcccfd7172b44771e0f851a47d05c00c2bc53e9f9e in / ",
    "RUN /bin/sh -c set -eux; apt-get update; apt-get install -y --no-install-recommends ca-certificates netbase tzdata ; rm -rf /var/lib/apt/lists/* # buildkit",
    'RUN /bin/sh -c ARCH= && dpkgArch="$(dpkg --print-architecture)"   && for key in C0D6248439F1D5604AAFFB4021D900FFDB233756; do gpg --batch --keyserver hkps://keys.openpgp.org --recv-keys "$key" ; done',
    'HEALTHCHECK &{["CMD-SHELL" "curl -f http://localhost:8000/health || exit 1"] "30s" "10s" "0s" "0s" \'\\x03\'}',
    "COPY /app/dist /app/dist # buildkit",
    "RUN |3 TARGETARCH=arm64 VERSION=1.2.3 NODE_AUTH_TOKEN= /bin/sh -c npm ci --omit=dev # buildkit",
    'RUN /bin/sh -c --mount=type=secret,id=npm_token npm config set //registry.npmjs.org/:_authToken "$(cat /run/secrets/npm_token)" # buildkit',
    "USER 1000:1000",
    "RUN /bin/sh -c pip install --index-url https://pypi.org/simple -r requirements.txt # buildkit",
    "RUN /bin/sh -c git clone https://github.com/shop/ui.git # buildkit",
    "RUN /bin/sh -c git clone https://${GITHUB_TOKEN}:x-oauth-basic@github.com/shop/ui.git # buildkit",
  ])("history %s", (line) => {
    expect(history(line)).toEqual([]);
  });
});
