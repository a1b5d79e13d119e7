/** What an endpoint is sold as (contract section 6: basic and professional). */
export interface EndpointSpecification {
  readonly name: string;
  /** Sessions that a new endpoint may hold at once, and the most that its cap can be set to. */
  readonly maxSession: number;
}

const basic: EndpointSpecification = { name: "default", maxSession: 3_000 };
const professional: EndpointSpecification = { name: "professional", maxSession: 1_000_000 };

export function endpointSpecification(isProfessional: boolean): EndpointSpecification {
  return isProfessional ? professional : basic;
}
