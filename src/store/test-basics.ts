import type { Repositories } from "../domain/store.ts";
import { aCluster, anAccount, aProject, aService, aSubnet, aUser, aVpc } from "../domain/test-fixtures.ts";

/** Writes what every endpoint needs: account, project, user, VPC, subnet, cluster, service. */
export async function insertBasics(tx: Repositories): Promise<void> {
  await tx.identity.insertAccount(anAccount());
  await tx.identity.insertProject(aProject());
  await tx.identity.insertUser(aUser());
  await tx.networks.insertVpc(aVpc());
  await tx.networks.insertSubnet(aSubnet());
  await tx.clusters.insert(aCluster());
  await tx.services.insert(aService());
}
