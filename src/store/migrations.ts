/** One step from one version of the schema to the next. Append only: a released step is never edited. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  {
    name: "0001-initial",
    sql: `
      create table installation (key text primary key, value text not null) strict;
      create table revision (id integer primary key check (id = 1), value integer not null) strict;
      insert into revision values (1, 0);
      create table audit_event (
        seq integer primary key, revision integer not null, at integer not null,
        actor text not null, action text not null, resource text not null, request_id text
      ) strict;
      create table account (id text primary key, name text not null unique, created_at integer not null) strict;
      create table project (
        id text primary key, account_id text not null references account, name text not null,
        created_at integer not null, unique (account_id, name)
      ) strict;
      create table user (
        id text primary key, account_id text not null references account, name text not null,
        password_hash text not null, is_operator integer not null check (is_operator in (0, 1)),
        created_at integer not null, unique (account_id, name)
      ) strict;
      create table access_key (
        id text primary key, user_id text not null references user on delete cascade,
        sealed_secret text not null, created_at integer not null
      ) strict;
      create table token (
        hash text primary key, user_id text not null references user on delete cascade,
        project_id text not null references project on delete cascade,
        expires_at integer, created_at integer not null
      ) strict;
      create table vpc (
        id text primary key, project_id text not null references project, name text not null,
        cidr text not null, attachment text not null check (attachment in ('loopback')),
        created_at integer not null, unique (project_id, name)
      ) strict;
      create table subnet (
        id text primary key, vpc_id text not null references vpc on delete cascade,
        project_id text not null references project, name text not null, cidr text not null,
        pool_cursor text, created_at integer not null, unique (vpc_id, name)
      ) strict;
      create table cluster (
        id text primary key, project_id text not null references project, name text not null,
        state text not null check (state in ('registered', 'adopted', 'released')),
        engine text not null check (engine in ('opensearch', 'elasticsearch')), engine_version text not null,
        nodes text not null, scheme text not null check (scheme in ('http', 'https')),
        username text, sealed_password text, ca text,
        insecure_skip_verify integer not null check (insecure_skip_verify in (0, 1)),
        client_port integer not null check (client_port between 1 and 65535),
        vpc_id text not null references vpc, subnet_id text not null references subnet,
        version integer not null, created_at integer not null, updated_at integer not null,
        unique (project_id, name)
      ) strict;
      create table endpoint_service (
        id text primary key, cluster_id text not null unique references cluster on delete cascade,
        project_id text not null references project, name text not null unique,
        enabled integer not null check (enabled in (0, 1)),
        approval_enabled integer not null check (approval_enabled in (0, 1)),
        dns_enabled integer not null check (dns_enabled in (0, 1)),
        professional integer not null check (professional in (0, 1)),
        reconcile_connections integer not null check (reconcile_connections in (0, 1)),
        created_at integer not null, updated_at integer not null
      ) strict;
      create table permission (
        id text primary key, service_id text not null references endpoint_service on delete cascade,
        permission text not null, permission_type text not null, created_at integer not null,
        unique (service_id, permission)
      ) strict;
      create table endpoint (
        id text primary key, service_id text not null references endpoint_service on delete cascade,
        project_id text not null references project, account_id text not null references account,
        vpc_id text not null references vpc, subnet_id text not null references subnet,
        address text not null, phase text not null check (phase in ('creating', 'ready', 'failed')),
        approval text not null check (approval in ('pending', 'accepted', 'rejected')),
        rejected_by text check (rejected_by in ('owner', 'whitelist')),
        max_session integer not null check (max_session > 0), specification_name text not null,
        dns_enabled integer not null check (dns_enabled in (0, 1)), description text not null,
        failure_code text, failure_message text, created_revision integer not null,
        created_at integer not null, updated_at integer,
        unique (subnet_id, address)
      ) strict;
      create index endpoint_by_service on endpoint (service_id, created_at desc, id);
      create index endpoint_by_project on endpoint (project_id, created_at desc, id);
      create index endpoint_unsettled on endpoint (phase) where phase <> 'ready';
      create table gateway (
        id text primary key, name text not null unique, token_hash text not null, last_seen_at integer
      ) strict;
    `,
  },
  {
    name: "0002-vpcep",
    sql: `
      alter table endpoint_service add column origin text not null default 'css' check (origin in ('css', 'vpcep'));
      alter table endpoint_service add column ports text not null default '[]';
      alter table endpoint_service add column description text not null default '';
      alter table endpoint_service add column tags text not null default '[]';
      create index endpoint_service_by_project on endpoint_service (project_id);
      alter table permission add column description text not null default '';
      alter table endpoint add column owner_note text not null default '';
      alter table endpoint add column marker_id integer not null default 0;
      alter table endpoint add column source_whitelist_enabled integer not null default 0
        check (source_whitelist_enabled in (0, 1));
      alter table endpoint add column source_whitelist text not null default '[]';
      alter table endpoint add column tags text not null default '[]';
      update endpoint set marker_id = 16777216 + rowid;
      create index endpoint_by_marker on endpoint (marker_id);
    `,
  },
  {
    name: "0003-identity",
    sql: `
      alter table user add column role text not null default 'administrator'
        check (role in ('administrator', 'reader', 'custom'));
      alter table user add column actions text not null default '[]';
      alter table access_key add column security_token_hash text;
      alter table access_key add column expires_at integer;
      create index access_key_by_user on access_key (user_id);
      create table token_of_account (
        hash text primary key, user_id text not null references user on delete cascade,
        project_id text references project on delete cascade,
        expires_at integer, created_at integer not null
      ) strict;
      insert into token_of_account select hash, user_id, project_id, expires_at, created_at from token;
      drop table token;
      alter table token_of_account rename to token;
      create index token_by_user on token (user_id, created_at);
      create index token_by_expiry on token (expires_at);
    `,
  },
  {
    name: "0004-import",
    // A new column in the old one's place: making the table anew would delete the subnets that hang on it.
    sql: `
      alter table vpc add column attachment_kind text not null default 'loopback'
        check (attachment_kind in ('loopback', 'none'));
      alter table vpc drop column attachment;
      alter table vpc rename column attachment_kind to attachment;
      create index vpc_unattached on vpc (id) where attachment = 'none';
      alter table endpoint_service add column update_switch integer not null default 1
        check (update_switch in (0, 1));
    `,
  },
  {
    name: "0005-token-methods",
    sql: `
      alter table token add column methods text not null default '[]';
      update token set methods = '["password"]' where expires_at is not null;
    `,
  },
  {
    // A cluster may have any number of services; opening it makes at most one. What was closed until now belongs to its
    // cluster, whichever API made it: so it stays closed, and can be opened again.
    name: "0006-services",
    sql: `
      create table endpoint_service_of_many (
        id text primary key, cluster_id text not null references cluster on delete cascade,
        project_id text not null references project, name text not null unique,
        enabled integer not null check (enabled in (0, 1)),
        approval_enabled integer not null check (approval_enabled in (0, 1)),
        dns_enabled integer not null check (dns_enabled in (0, 1)),
        professional integer not null check (professional in (0, 1)),
        reconcile_connections integer not null check (reconcile_connections in (0, 1)),
        origin text not null default 'css' check (origin in ('css', 'vpcep')), ports text not null default '[]',
        description text not null default '', tags text not null default '[]',
        created_at integer not null, updated_at integer not null,
        update_switch integer not null default 1 check (update_switch in (0, 1))
      ) strict;
      insert into endpoint_service_of_many
        select id, cluster_id, project_id, name, enabled, approval_enabled, dns_enabled, professional,
          reconcile_connections, case enabled when 0 then 'css' else origin end, ports, description, tags,
          created_at, updated_at, update_switch
        from endpoint_service;
      drop table endpoint_service;
      alter table endpoint_service_of_many rename to endpoint_service;
      create index endpoint_service_by_cluster on endpoint_service (cluster_id);
      create unique index endpoint_service_opened on endpoint_service (cluster_id) where origin = 'css';
      create index endpoint_service_by_project on endpoint_service (project_id, enabled, created_at desc, id);
      create index endpoint_service_by_change on endpoint_service (project_id, enabled, updated_at desc, id);
      create index endpoint_service_by_age on endpoint_service (enabled, created_at desc, id);
      create index endpoint_service_by_any_change on endpoint_service (enabled, updated_at desc, id);
      create index permission_by_age on permission (service_id, created_at desc, id);
      create index endpoint_of_service_by_change
        on endpoint (service_id, coalesce(updated_at, created_at) desc, id);
      create index endpoint_of_project_by_change
        on endpoint (project_id, coalesce(updated_at, created_at) desc, id);
      create index endpoint_by_state on endpoint (service_id, approval, phase);
    `,
  },
  {
    // New columns in the old one's place, as in 0004. Numbers go by age: the default network of a first start is 1.
    name: "0007-attachments",
    sql: `
      drop index vpc_unattached;
      alter table vpc add column attachment_kind text not null default 'loopback'
        check (attachment_kind in ('loopback', 'none', 'interface', 'netns'));
      update vpc set attachment_kind = attachment;
      alter table vpc drop column attachment;
      alter table vpc rename column attachment_kind to attachment;
      alter table vpc add column attachment_name text
        check ((attachment_name is not null) = (attachment in ('interface', 'netns')));
      alter table vpc add column number integer not null default 1 check (number between 1 and 65535);
      update vpc set number = ages.number
        from (select id, row_number() over (order by created_at, id) as number from vpc) as ages
        where ages.id = vpc.id;
      create unique index vpc_by_number on vpc (number);
      create unique index vpc_on_host on vpc (attachment, attachment_name) where attachment_name is not null;
      create index vpc_unattached on vpc (id) where attachment = 'none';
      alter table endpoint add column max_connection_rate integer check (max_connection_rate > 0);
      alter table endpoint add column max_bandwidth integer check (max_bandwidth > 0);
    `,
  },
  {
    name: "0008-cluster-tags",
    sql: "alter table cluster add column tags text not null default '[]';",
  },
  {
    name: "0009-addresses",
    sql: `
      alter table vpc add column cidr6 text;
      alter table subnet add column cidr6 text;
      alter table subnet add column pool6_cursor text;
      alter table endpoint add column address6 text;
      create unique index endpoint_by_address6 on endpoint (subnet_id, address6) where address6 is not null;
      create table released_address (
        subnet_id text not null references subnet on delete cascade, address text not null,
        project_id text not null references project on delete cascade, released_at integer not null,
        primary key (subnet_id, address)
      ) strict, without rowid;
      create index released_address_by_age on released_address (released_at);
    `,
  },
  {
    name: "0010-dns-address",
    sql: "alter table vpc add column dns_address text;",
  },
  {
    // Two owners may try to prove one name; only one can have it.
    name: "0011-service-domains",
    sql: `
      create table service_domain (
        id text primary key, service_id text not null references endpoint_service on delete cascade,
        name text not null, token text not null,
        status text not null check (status in ('pending', 'verified', 'failed')), problem text,
        created_at integer not null, checked_at integer, unique (service_id, name)
      ) strict;
      create unique index service_domain_verified on service_domain (name) where status = 'verified';
    `,
  },
  {
    // The triggers that fill it are made at each start (audit-triggers.ts), and so is the chain's beginning: it takes the
    // key. Without `audit_chain.head` nothing audited can be written. `hash` is empty on what an earlier version wrote,
    // until that start.
    name: "0012-audit-trail",
    sql: `
      alter table audit_event add column source text;
      alter table audit_event add column account_id text;
      alter table audit_event add column project_id text;
      alter table audit_event add column hash text not null default '';
      create table audit_change (
        id integer primary key, seq integer not null, kind text not null, resource_id text not null,
        project_id text, owner_project_id text, account_id text, before text, after text
      ) strict;
      create index audit_change_by_event on audit_change (seq);
      create index audit_change_of_parent on audit_change (kind, resource_id) where kind in ('service', 'user');
      create table audit_chain (
        name text primary key check (name in ('origin', 'anchor', 'head')),
        seq integer not null, at integer not null, hash text not null, seal text not null
      ) strict, without rowid;
    `,
  },
  {
    // The service stands beside its endpoint, so that its owner's list needs no look at each of its endpoints.
    name: "0013-refusals",
    sql: `
      create table refusal (
        endpoint_id text not null references endpoint on delete cascade, service_id text not null,
        reason text not null, source text not null,
        first_at integer not null, last_at integer not null, count integer not null check (count > 0),
        primary key (endpoint_id, reason, source)
      ) strict, without rowid;
      create index refusal_by_service on refusal (service_id, last_at);
      create index refusal_by_age on refusal (last_at);
      create table refusal_batch (
        gateway_id text primary key references gateway on delete cascade,
        process text not null, sequence integer not null
      ) strict, without rowid;
    `,
  },
  {
    // Numbers of events are never given twice, also where the newest events are gone. What was trimmed of a project's
    // is told by its floor. Deliveries have a body of their own: they may outlive the event.
    name: "0015-events",
    sql: `
      create table event (
        seq integer primary key autoincrement, at integer not null,
        project_id text not null references project on delete cascade,
        kind text not null, resource text not null, data text not null
      ) strict;
      create index event_by_project on event (project_id, seq);
      create table event_floor (
        project_id text primary key references project on delete cascade, seq integer not null
      ) strict, without rowid;
      create table condition (
        key text primary key, seen text not null, told text not null, told_at integer not null,
        changes integer not null
      ) strict, without rowid;
      create table webhook (
        id text primary key, project_id text not null references project on delete cascade, url text not null,
        kinds text not null, description text not null, enabled integer not null check (enabled in (0, 1)),
        sealed_secret text not null, created_at integer not null, updated_at integer not null
      ) strict;
      create index webhook_by_project on webhook (project_id, created_at, id);
      create table webhook_delivery (
        id text primary key, webhook_id text not null references webhook on delete cascade,
        seq integer not null, kind text not null, resource text not null, body text not null,
        status text not null check (status in ('pending', 'dead')), failures integer not null,
        next_at integer not null, problem text, created_at integer not null
      ) strict;
      create index webhook_delivery_in_order on webhook_delivery (webhook_id, status, resource, seq);
      create index webhook_delivery_by_age on webhook_delivery (webhook_id, status, seq);
      create index webhook_delivery_dead on webhook_delivery (created_at) where status = 'dead';
    `,
  },
  {
    name: "0016-lineage",
    sql: "insert into installation values ('lineage', lower(hex(randomblob(16))));",
  },
];
