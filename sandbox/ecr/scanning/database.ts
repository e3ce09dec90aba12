import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Advisory } from "./advisories.ts";

/** The schema that is written, of model 6: the folder's name, and what Grype asks the database for. */
const schema = { model: 6, revision: 1, addition: 10 } as const;

/**
 * Tables of Grype's database, as its library makes them: `grype/db/v6/models.go` of Grype 0.121. Those that stay
 * empty are there because Grype asks them.
 */
const tables = `
CREATE TABLE blobs (id integer PRIMARY KEY, value text NOT NULL);
CREATE TABLE db_metadata (build_timestamp datetime NOT NULL, model integer NOT NULL, revision integer NOT NULL,
  addition integer NOT NULL);
CREATE TABLE providers (id text PRIMARY KEY, version text, processor text, date_captured datetime,
  input_digest text);
CREATE TABLE vulnerability_handles (id integer PRIMARY KEY, name text NOT NULL, status text NOT NULL,
  published_date datetime, modified_date datetime, withdrawn_date datetime, provider_id text NOT NULL,
  blob_id integer);
CREATE TABLE vulnerability_aliases (name text, alias text NOT NULL, PRIMARY KEY (name, alias));
CREATE TABLE packages (id integer PRIMARY KEY, ecosystem text, name text);
CREATE TABLE package_cpes (package_id integer, cpe_id integer, PRIMARY KEY (package_id, cpe_id));
CREATE TABLE package_specifier_overrides (ecosystem text, replacement_ecosystem text,
  PRIMARY KEY (ecosystem, replacement_ecosystem));
CREATE TABLE operating_systems (id integer PRIMARY KEY, name text, release_id text, major_version text,
  minor_version text, label_version text, codename text, channel text, eol_date datetime, eoas_date datetime);
CREATE TABLE operating_system_specifier_overrides (alias text, version text, version_pattern text, codename text,
  channel text, replacement text, replacement_major_version text, replacement_minor_version text,
  replacement_label_version text, replacement_channel text, rolling numeric, applicable_client_db_schemas text);
CREATE TABLE architecture_aliases (alias text PRIMARY KEY, canonical text NOT NULL);
CREATE TABLE cpes (id integer PRIMARY KEY, part text NOT NULL, vendor text, product text NOT NULL, edition text,
  language text, software_edition text, target_hardware text, target_software text, other text);
CREATE TABLE known_exploited_vulnerability_handles (id integer PRIMARY KEY, cve text NOT NULL, blob_id integer);
CREATE TABLE epss_handles (id integer PRIMARY KEY, cve text NOT NULL, epss real NOT NULL,
  percentile real NOT NULL);
CREATE TABLE epss_metadata (date datetime NOT NULL);
CREATE TABLE cwe_handles (id integer PRIMARY KEY, cve text NOT NULL, cwe text NOT NULL, source text, type text);
CREATE TABLE ssvc_handles (id integer PRIMARY KEY, cve text NOT NULL, source text, role text, version text,
  timestamp datetime, exploitation text, automatable text, technical_impact text);
${["affected", "unaffected"]
  .map(
    (which) => `
CREATE TABLE ${which}_package_handles (id integer PRIMARY KEY, vulnerability_id integer NOT NULL,
  operating_system_id integer, package_id integer, blob_id integer);
CREATE TABLE ${which}_cpe_handles (id integer PRIMARY KEY, vulnerability_id integer NOT NULL, cpe_id integer,
  blob_id integer);`,
  )
  .join("")}
`;

/**
 * Writes a vulnerability database that holds exactly these advisories, in the format that Grype reads from
 * `GRYPE_DB_CACHE_DIR`. What was there before is replaced.
 *
 * @param builtAt when it was made, by its own word: Grype refuses one that is older than five days
 */
export async function writeDatabase(
  cacheDirectory: string,
  advisories: readonly Advisory[],
  builtAt: Date,
): Promise<void> {
  const directory = join(cacheDirectory, String(schema.model));
  const draft = `${directory}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const database = new DatabaseSync(join(draft, "vulnerability.db"));
  try {
    database.exec(tables);
    fill(database, advisories, builtAt);
  } finally {
    database.close();
  }
  const { model, revision, addition } = schema;
  const imported = {
    // Not asked for: Grype is told not to compare it (`GRYPE_DB_VALIDATE_BY_HASH_ON_START`).
    digest: "xxh64:0",
    source: "the sandbox of Slipway",
    client_version: `v${model}.${revision}.${addition}`,
  };
  await writeFile(join(draft, "import.json"), JSON.stringify(imported));
  await rm(directory, { recursive: true, force: true });
  await rename(draft, directory);
}

const provider = "slipway-sandbox";

function fill(database: DatabaseSync, advisories: readonly Advisory[], builtAt: Date): void {
  const built = dateTime(builtAt);
  const insert = (table: string, row: Readonly<Record<string, string | number>>): number => {
    const columns = Object.keys(row);
    const statement = database.prepare(
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    );
    return Number(statement.run(...Object.values(row)).lastInsertRowid);
  };
  const blob = (value: object) => insert("blobs", { value: JSON.stringify(value) });
  /** The row of a package or program, which several advisories can be about. */
  const ids = new Map<string, number>();
  const once = (table: string, row: Readonly<Record<string, string>>): number => {
    const key = JSON.stringify([table, row]);
    const id = ids.get(key) ?? insert(table, row);
    ids.set(key, id);
    return id;
  };

  const { model, revision, addition } = schema;
  insert("db_metadata", { build_timestamp: built, model, revision, addition });
  insert("providers", {
    id: provider,
    version: "1",
    processor: "slipway",
    date_captured: built,
    input_digest: "sha256:0",
  });
  for (const { id, aliases, published, affects, range, ...advisory } of advisories) {
    const day = dateTime(new Date(published));
    const vulnerability_id = insert("vulnerability_handles", {
      name: id,
      status: "active",
      published_date: day,
      modified_date: day,
      provider_id: provider,
      blob_id: blob({
        id,
        description: advisory.description,
        refs: [{ url: advisory.url }],
        aliases,
        severities: [
          { scheme: "CHML", value: advisory.severity, rank: 1 },
          { scheme: "CVSS", value: advisory.cvss, rank: 2 },
        ],
      }),
    });
    for (const alias of aliases) insert("vulnerability_aliases", { name: id, alias });
    const { type, constraint, fixed } = range;
    const fix = fixed === undefined ? { state: "not-fixed" } : { version: fixed, state: "fixed" };
    const cves = [id, ...aliases].filter((one) => one.startsWith("CVE-"));
    const blob_id = blob({ cves, ranges: [{ version: { type, constraint }, fix }] });
    if ("ecosystem" in affects) {
      insert("affected_package_handles", {
        vulnerability_id,
        package_id: once("packages", affects),
        blob_id,
      });
    } else {
      const cpe_id = once("cpes", { ...anyEdition, part: "a", ...affects });
      insert("affected_cpe_handles", { vulnerability_id, cpe_id, blob_id });
    }
  }
}

const anyEdition = {
  edition: "",
  language: "",
  software_edition: "",
  target_hardware: "",
  target_software: "",
  other: "",
};

/** As SQLite's driver for Go writes times, and reads them. */
function dateTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace("T", " ")}+00:00`;
}
