import ProgressBar from "@cloudscape-design/components/progress-bar";
import type { Subnet } from "../api/generated.ts";
import { texts } from "../texts/en.ts";

/** How much of a subnet's addresses endpoints have, as a bar and in words. */
export function Pool({ subnet }: { readonly subnet: Subnet }) {
  const { addresses_used: used, addresses_free: free } = subnet;
  const all = used + free;
  return (
    <ProgressBar
      value={all === 0 ? 100 : (100 * used) / all}
      label={`${subnet.name} · ${[subnet.cidr, subnet.cidr6].filter(Boolean).join(" · ")}`}
      additionalInfo={`${texts.networks.used(used, all)}, ${texts.networks.free(free)}`}
    />
  );
}
