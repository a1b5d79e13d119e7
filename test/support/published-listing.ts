/** The example of the published page "Obtaining an Endpoint Connection", as it stands there. */
export const publishedListing = `{
  "connections" : [ {
    "id" : "54b7f739-31a1-40d0-862b-ac85b83ab2da",
    "status" : "accepted",
    "maxSession" : "3000",
    "specificationName" : "default",
    "vpcepIp" : "192.168.0.122",
    "created_at" : "2024-06-11T09:36:24Z",
    "domain_id" : "db9b76a0d9ae431f8e85e89da2ca867c"
  }, {
    "id" : "e88ad0bc-c2c7-419c-bd9b-a961111f0a42",
    "status" : "accepted",
    "maxSession" : "3000",
    "specificationName" : "default",
    "vpcepIp" : "192.168.0.133",
    "created_at" : "2023-10-12T07:33:16Z",
    "domain_id" : "db9b76a0d9ae431f8e85e89da2ca867c"
  } ],
  "vpcepUpdateSwitch" : false,
  "total_count" : 2,
  "vpcServiceName" : "cn-north-4.css-op-no-delete.cf072729-b076-49db-83d3-020dc9f589bd",
  "permissions" : [ {
    "id" : "432a6429-f377-4168-8b24-feb5885af08c",
    "permission" : "iam:domain::db9b76a0d9ae431f8e85e89da2ca867c",
    "permission_type" : "domainId",
    "created_at" : "2023-10-12T07:33:11Z"
  } ]
}`;
