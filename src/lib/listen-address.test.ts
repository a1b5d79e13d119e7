import { expect, test } from "vitest";
import { httpUrl, parseListenAddress } from "./listen-address.ts";
import { StartError } from "./start-error.ts";

test.each([
  ["127.0.0.1:9700", { host: "127.0.0.1", port: 9700 }],
  ["localhost:0", { host: "localhost", port: 0 }],
  [":8080", { host: "127.0.0.1", port: 8080 }],
  ["[::1]:65535", { host: "::1", port: 65_535 }],
])("%s is read", (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});

test.each(["", "9700", "host", "host:", "host:65536", "host:-1", "::1:80", "[::1]", "host:80x", "[zz]:80"])(
  "%j is refused with an example",
  (text) => {
    expect(() => parseListenAddress(text)).toThrow(StartError);
    expect(() => parseListenAddress(text)).toThrow(/127\.0\.0\.1:9700/);
  },
);

test.each([
  ["0.0.0.0", "http://127.0.0.1:1"],
  ["::", "http://[::1]:1"],
  ["fd00::5", "http://[fd00::5]:1"],
  ["example.com", "http://example.com:1"],
])("a server on %s is reached as %s", (host, url) => {
  expect(httpUrl({ host, port: 1 })).toBe(url);
});
