import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const dayMs = 86_400_000;

const configuration = (names: string): string => `
[ca]
default_ca = test
[test]
dir = .
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = ${names}
`;

/**
 * Makes a certificate that signs itself. `req -x509` cannot make one that has expired, so this goes the way of a CA.
 * @param names as OpenSSL writes them, such as `DNS:localhost,IP:127.0.0.1`
 * @param endsInDays negative: it has expired
 */
export async function makeCertificate(
  names: string,
  endsInDays = 365,
): Promise<{ readonly key: string; readonly cert: string }> {
  const directory = await mkdtemp(join(tmpdir(), "postern-certificate-"));
  const openssl = (...args: string[]): Promise<unknown> => run("openssl", args, { cwd: directory });
  try {
    await writeFile(join(directory, "ca.conf"), configuration(names));
    await writeFile(join(directory, "index"), "");
    await writeFile(join(directory, "serial"), "01\n");
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    await openssl("req", ...kind, "-subj", "/CN=test", "-keyout", "key.pem", "-out", "request.pem");
    const end = Date.now() + endsInDays * dayMs;
    const dates = ["-startdate", opensslTime(end - 1_000 * dayMs), "-enddate", opensslTime(end)];
    const files = ["-keyfile", "key.pem", "-in", "request.pem", "-out", "cert.pem"];
    await openssl("ca", "-selfsign", "-batch", "-notext", "-config", "ca.conf", ...dates, ...files);
    const [key, cert] = await Promise.all(
      ["key.pem", "cert.pem"].map((name) => readFile(join(directory, name), "utf8")),
    );
    return { key: key ?? "", cert: cert ?? "" };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** YYYYMMDDHHMMSSZ */
function opensslTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
}
