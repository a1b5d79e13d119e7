import { expect, test } from "vitest";
import { portsBesideRegistered, portsOf, requireOwnPorts } from "./service-ports.ts";
import { aCluster, aService } from "./test-fixtures.ts";

const cluster = aCluster({ clientPort: 9300 });

test("a service has the ports that it names, and without any the cluster's client port", () => {
  const ports = [{ clientPort: 80, serverPort: 9200 }];
  expect(portsOf(aService({ ports }), cluster)).toEqual(ports);
  expect(portsOf(aService(), cluster)).toEqual([{ clientPort: 9300, serverPort: 9300 }]);
});

test("a port beside the registered ones is any but the cluster's client port", () => {
  const ports = [80, 81].map((clientPort) => ({ clientPort, serverPort: clientPort + 9220 }));
  expect(portsBesideRegistered(aService({ ports }), cluster)).toEqual([{ clientPort: 81, serverPort: 9301 }]);
  expect(portsBesideRegistered(aService(), cluster)).toEqual([]);
});

test("no two services of a cluster have one server port, whatever their client ports are", () => {
  const other = aService({
    ports: [80, 81].map((clientPort) => ({ clientPort, serverPort: clientPort + 9000 })),
  });
  const attempt = (serverPort: number, others = [other]): (() => void) => {
    return () => requireOwnPorts(cluster, others, [{ clientPort: 80, serverPort }]);
  };
  expect(attempt(9082)).not.toThrow();
  expect(attempt(9081)).toThrow(expect.objectContaining({ kind: "ports_clash" }));
  expect(attempt(9300, [aService()])).toThrow(/9300 of cluster logs belongs to its endpoint service/);
  expect(attempt(9300, [aService({ enabled: false })])).toThrow(/which is closed/);
  expect(attempt(9300, [])).not.toThrow();
});
