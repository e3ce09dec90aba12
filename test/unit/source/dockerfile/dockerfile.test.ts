import { expect, test } from "vitest";
import { baseImages } from "../../../../source/dockerfile/dockerfile.ts";
import { instructions } from "../../../../source/dockerfile/lines.ts";

const lines = (...text: readonly string[]) => instructions(text.join("\n"));

test("continued lines are one, without the comments and empty lines between them", () => {
  expect(lines("FROM alpine \\", "# why", "", "  AS base", "RUN a\\", "b \\ ", "c")).toEqual([
    "FROM alpine   AS base",
    "RUN ab c",
  ]);
  // Two of them are no continuation; the end of the file ends one.
  expect(lines("RUN a\\\\", "RUN b \\")).toEqual(["RUN a\\\\", "RUN b"]);
});

test("the escape character is the one that the file begins with", () => {
  const text = ["# syntax=docker/dockerfile:1", "#Escape = `", "FROM a `", "AS b", "RUN dir C:\\", "RUN c"];
  expect(lines(...text)).toEqual(["FROM a AS b", "RUN dir C:\\", "RUN c"]);
  expect(lines("  # check=skip=all", "#escape=`", "FROM a `", "AS b")).toEqual(["FROM a AS b"]);
  // Behind a comment, an empty line or a directive that BuildKit does not know it is a comment itself.
  expect(lines("# build=yes", "# escape=`", "FROM a \\", "AS b")).toEqual(["FROM a AS b"]);
  expect(lines("#!/usr/bin/env docker", "# escape=`", "FROM a \\", "AS b")).toEqual(["FROM a AS b"]);
  expect(lines("", "# escape=`", "FROM a \\", "AS b")).toEqual(["FROM a AS b"]);
  expect(lines("# hello", "# escape=`", "FROM a \\", "AS b")).toEqual(["FROM a AS b"]);
});

test("bodies of here-documents are no instructions", () => {
  expect(
    lines(
      "FROM alpine",
      "RUN <<EOF cat && <<-'END' sh",
      "FROM not-an-image",
      "EOF",
      "FROM neither",
      "\tEND",
      'COPY <<"a b" <<two /x/',
      "FROM one",
      "a b",
      "FROM other",
      "two",
      "ONBUILD RUN <<EOF",
      "FROM never",
      "EOF",
      "FROM last",
    ),
  ).toEqual([
    "FROM alpine",
    "RUN <<EOF cat && <<-'END' sh",
    'COPY <<"a b" <<two /x/',
    "ONBUILD RUN <<EOF",
    "FROM last",
  ]);
  // Neither a here-string, nor a shift, nor another instruction's text.
  expect(lines('RUN cat <<<"x"', "LABEL a=<<EOF", "RUN echo 1<<2x", "2x", "FROM b")).toEqual([
    'RUN cat <<<"x"',
    "LABEL a=<<EOF",
    "RUN echo 1<<2x",
    "FROM b",
  ]);
});

test("base images are found behind all of that", () => {
  const text = [
    "# escape=`",
    "ARG VERSION=1 BASE=`",
    "alpine",
    "FROM ${BASE}:${VERSION} AS build",
    "RUN <<EOF",
    "FROM nothing:1",
    "EOF",
    "RUN --mount=type=bind,from=tools/lint:3,target=/t --mount=type=cache,target=/c true",
    "COPY --from=build /a /a",
    'FROM "busybox:${NONE:-1.37}${VERSION:+-musl}"',
  ].join("\n");
  expect(baseImages(text, {})).toEqual(["alpine:1", "tools/lint:3", "busybox:1.37-musl"]);
});

test("what is copied or mounted from no stage and no folder is an image, whatever it is called", () => {
  const text = [
    "FROM golang:1 AS build",
    "COPY --from=alpine /etc/ssl /etc/ssl",
    "COPY --from=BUILD /a /a",
    "COPY --from=0 /a /a",
    "COPY --from=shared /x /x",
    "RUN --mount=from=busybox,target=/b --mount=type=bind,From=later,target=/l true",
    'RUN --mount=type=bind,"from=tools",target=/t true',
    "FROM scratch AS later",
    "COPY --from=scratch / /",
    "FROM shared",
    "FROM docker.io/library/node:latest",
    "FROM node:24 AS shared",
  ].join("\n");
  expect(baseImages(text, {}, ["shared", "node"])).toEqual(["golang:1", "alpine", "busybox", "tools"]);
});
