/** Something that looks like a secret. */
export interface SuspectedSecret {
  /** `ENV DB_PASSWORD`, `ARG NPM_TOKEN`, `label x`, `history 7`. */
  readonly where: string;
  /** What it looks like: `an AWS access key`. */
  readonly what: string;
  /** Its beginning; never more. */
  readonly excerpt: string;
}

/**
 * Forms that are a secret wherever they stand. They follow the rules of gitleaks
 * (https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml), of which those are taken that a fixed
 * prefix makes certain: a rule that guesses by entropy alone would stop deployments for checksums.
 */
const forms: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["an AWS access key", /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/],
  ["a GitHub token", /\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_\w{82})\b/],
  ["a GitLab token", /\bgl(?:pat|dt|rt|ptt)-[0-9A-Za-z_-]{20,}/],
  ["an npm token", /\bnpm_[0-9A-Za-z]{36}\b/],
  ["a PyPI token", /\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}/],
  ["a Slack token", /\bxox[abposr]-(?:\d+-)+[0-9A-Za-z-]{16,}/],
  ["a Stripe key", /\b[rs]k_(?:live|prod)_[0-9A-Za-z]{10,99}\b/],
  ["a Google API key", /\bAIza[\w-]{35}(?![\w-])/],
  ["an Anthropic or OpenAI key", /\bsk-(?:ant-|proj-|svcacct-)[\w-]{20,}/],
  ["a SendGrid key", /\bSG\.[\w-]{22}\.[\w-]{43}\b/],
  ["a Docker Hub token", /\bdckr_(?:pat|oat)_[\w-]{27,}/],
  ["a HashiCorp Vault token", /\bhv[sb]\.[\w-]{90,}/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY/],
  ["a JSON web token", /\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}/],
  ["a password in an address", /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@${}]+:([^\s/:@${}<>*]{4,})@[A-Za-z0-9[]/i],
];

/** Names of variables whose value is a secret when it is a plain text. */
const secretName =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRETS|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|AUTH)$/i;

/** Values that stand in the place of one: empty, a path, another variable, an example. */
const harmless = [
  /^$/,
  /^(?:true|false|yes|no|on|off|none|null|undefined|auto|basic|bearer|\d{1,6})$/i,
  /[$][{(]?\w/,
  /^(?:\.{0,2}|~)\/[\w./-]*$/,
  /^(?:<.*>|\*+|x{3,}|\.{3,})$/i,
  /^(?:change_?me|changeit|example|dummy|placeholder|your[-_].*|todo|secret|password|test)$/i,
  /^arn:aws/,
  /^(?:https?|file|ssm|vault):\/\/[^@]*$/i,
];

/** What an image's configuration and history say that looks like a secret; each place once. */
export function suspectedSecrets(image: {
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly history: readonly { readonly by: string }[];
}): readonly SuspectedSecret[] {
  const environment = image.environment.flatMap((entry) => variable("ENV", entry));
  const labels = Object.entries(image.labels).flatMap(([name, value]) => anywhere(`label ${name}`, value));
  const known = new Set(environment.map(({ excerpt }) => excerpt));
  const history = image.history.flatMap(({ by }, index) => {
    const step = `history ${index + 1}`;
    const found = [...argumentsIn(by).flatMap((entry) => variable("ARG", entry)), ...anywhere(step, by)];
    return found.filter(({ excerpt, where }) => where.startsWith("ARG") || !known.has(excerpt));
  });
  const all = [...environment, ...labels, ...history];
  const isRepeated = (one: SuspectedSecret) =>
    all.find(({ excerpt, what }) => excerpt === one.excerpt && what === one.what) !== one;
  return all.filter((one) => !isRepeated(one));
}

/** `RUN |2 NPM_TOKEN=x VERSION=1 /bin/sh -c …`: the arguments that a RUN was given. */
function argumentsIn(by: string): string[] {
  const given = /^RUN \|\d+ (.*?)(?: \/bin\/sh -c | # buildkit|$)/s.exec(by)?.[1] ?? "";
  const declared = /^ARG (\S+=.*)$/s.exec(by)?.[1];
  return [...given.split(/ (?=[A-Za-z_]\w*=)/), ...(declared === undefined ? [] : [declared])].filter(
    (entry) => entry.includes("="),
  );
}

function variable(kind: "ENV" | "ARG", entry: string): SuspectedSecret[] {
  const at = entry.indexOf("=");
  const name = entry.slice(0, at);
  const value = entry
    .slice(at + 1)
    .trim()
    .replace(/^(["'])(.*)\1$/s, "$2");
  const where = `${kind} ${name}`;
  const found = anywhere(where, value);
  if (found.length > 0) return found;
  if (!secretName.test(name) || harmless.some((pattern) => pattern.test(value))) return [];
  return [{ where, what: "a value of a variable that is named like a secret", excerpt: excerptOf(value) }];
}

function anywhere(where: string, text: string): SuspectedSecret[] {
  return forms.flatMap(([what, pattern]) => {
    const found = pattern.exec(text);
    return found === null ? [] : [{ where, what, excerpt: excerptOf(found[1] ?? found[0]) }];
  });
}

/** Four characters at most, and fewer of what is short: enough to recognise it by. */
function excerptOf(secret: string): string {
  return `${secret.slice(0, Math.min(4, Math.floor(secret.length / 3)))}…`;
}
