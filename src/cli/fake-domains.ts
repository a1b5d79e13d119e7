import { FakeRefusal, type FakeDomain, type FakeModel } from "./fake-model.ts";

/** What the fake answers about names of a service's own. */
export function listDomains(model: FakeModel, serviceId: string): object {
  const domains = model.domains.filter((domain) => domain.serviceId === serviceId).map(body);
  return { domains, total_count: domains.length };
}

export function addDomain(model: FakeModel, serviceId: string, name: string): object {
  const domain: FakeDomain = { id: `d${model.domains.length}`, serviceId, name, status: "pending" };
  model.domains.push(domain);
  return body(domain);
}

/** @throws FakeRefusal */
export function verifyDomain(model: FakeModel, id: string): object {
  const domain = find(model, id);
  domain.status = model.proven.has(domain.name) ? "verified" : "failed";
  return body(domain);
}

/** @throws FakeRefusal */
export function deleteDomain(model: FakeModel, id: string): { readonly status: number } {
  model.domains.splice(model.domains.indexOf(find(model, id)), 1);
  return { status: 204 };
}

function find(model: FakeModel, id: string): FakeDomain {
  const found = model.domains.find((domain) => domain.id === id);
  if (found === undefined) throw new FakeRefusal(404, "CSS.0016", "No such domain.");
  return found;
}

function body(domain: FakeDomain): object {
  const record = { name: `_postern.${domain.name}`, type: "TXT", value: "postern-verification=abc" };
  const problem = domain.status === "failed" ? { problem: `There is no TXT record ${record.name}.` } : {};
  return { ...domain, record, ...problem };
}
