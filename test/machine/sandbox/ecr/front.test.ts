import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEcrFront } from "../../../../sandbox/ecr/front.ts";

let directory: string;
let backend: Server;
let front: Awaited<ReturnType<typeof openEcrFront>>;
let certificate: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "slipway-front-"));
  const files = { key: join(directory, "key.pem"), certificate: join(directory, "certificate.pem") };
  execFileSync(
    "openssl",
    [
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
      ["-keyout", files.key, "-out", files.certificate, "-subj", "/CN=localhost"],
      ["-addext", "subjectAltName=DNS:localhost"],
    ].flat(),
    { stdio: "ignore" },
  );
  certificate = readFileSync(files.certificate, "utf8");
  backend = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => response.end(`${request.method} ${request.url} ${bytes}`));
  });
  await new Promise<void>((listening) => backend.listen(0, "127.0.0.1", listening));
  front = await openEcrFront({
    port: 0,
    backendPort: (backend.address() as AddressInfo).port,
    key: readFileSync(files.key, "utf8"),
    certificate,
    directory,
    scanner: { scan: () => Promise.reject(new Error("nobody asks for a scan")) },
  });
});
afterAll(async () => {
  await front.close();
  await new Promise((closed) => backend.close(closed));
  rmSync(directory, { recursive: true });
});

test("takes plain HTTP, bodies of many packets included", async () => {
  const body = new Uint8Array(3_000_000);
  const response = await fetch(`http://localhost:${front.port}/v2/`, { method: "PUT", body });
  expect(await response.text()).toBe("PUT /v2/ 3000000");
});

test("takes HTTPS on the same port, with the certificate it was given", async () => {
  const text = await new Promise<string>((resolve, reject) => {
    get({ host: "localhost", port: front.port, path: "/v2/", ca: certificate }, (response) => {
      response.setEncoding("utf8").on("data", resolve);
    }).on("error", reject);
  });
  expect(text).toBe("GET /v2/ 0");
});

test("passes on calls to other services, and operations of ECR that the emulator has", async () => {
  for (const target of ["AmazonEC2ContainerRegistry_V20150921.ListImages", "AmazonSSM.GetParameter"]) {
    const headers = { "x-amz-target": target };
    const response = await fetch(`http://localhost:${front.port}/`, { method: "POST", body: "{}", headers });
    expect(await response.text()).toBe("POST / 2");
  }
});

test.each([
  ['{"scanType":"SOMETIMES"}', "InvalidParameterException"],
  ['{"scanType":', "SerializationException"],
])("refuses %s with %s", async (body, code) => {
  const headers = { "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.PutRegistryScanningConfiguration" };
  const response = await fetch(`http://localhost:${front.port}/`, { method: "POST", body, headers });
  expect([response.status, response.headers.get("x-amzn-errortype")]).toEqual([400, code]);
});

test("says that it is there, whether or not the emulator is", async () => {
  const response = await fetch(`http://localhost:${front.port}/_sandbox/health`);
  expect(response.status).toBe(204);
});
