import type { Insertable, Kysely, Selectable } from "kysely";
import type { AccountId, ProjectId, UserId } from "../domain/ids.ts";
import type { AccessKey, Account, Project, Token, User } from "../domain/resources.ts";
import type { Role } from "../domain/roles.ts";
import type { IdentityRepository, Listing, Page } from "../domain/store.ts";
import type { Schema } from "./schema.ts";

const mostOperatorProjects = 100;

export class SqlIdentityRepository implements IdentityRepository {
  readonly #db: Kysely<Schema>;
  #hasWritten = false;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Whether what somebody remembers of identities may be old once this is committed. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** What every write goes through. */
  get #writing(): Kysely<Schema> {
    this.#hasWritten = true;
    return this.#db;
  }

  async insertAccount(account: Account): Promise<void> {
    await this.#writing.insertInto("account").values(account).execute();
  }

  async insertProject(project: Project): Promise<void> {
    await this.#writing.insertInto("project").values(project).execute();
  }

  async insertUser(user: User): Promise<void> {
    await this.#writing.insertInto("user").values(fromUser(user)).execute();
  }

  async insertAccessKey(key: AccessKey): Promise<void> {
    const { securityToken, ...rest } = key;
    const times = {
      securityTokenHash: securityToken?.hash ?? null,
      expiresAt: securityToken?.expiresAt ?? null,
    };
    await this.#writing
      .insertInto("accessKey")
      .values({ ...rest, ...times })
      .execute();
  }

  async insertToken(token: Token): Promise<void> {
    await this.#writing
      .insertInto("token")
      .values({ ...token, methods: JSON.stringify(token.methods) })
      .execute();
  }

  async account(id: AccountId): Promise<Account | undefined> {
    const row = await this.#db.selectFrom("account").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toAccount(row);
  }

  async accountByName(name: string): Promise<Account | undefined> {
    const row = await this.#db.selectFrom("account").selectAll().where("name", "=", name).executeTakeFirst();
    return row && toAccount(row);
  }

  async accounts(page: Page): Promise<Listing<Account>> {
    const rows = await this.#db
      .selectFrom("account")
      .selectAll()
      .orderBy("createdAt")
      .orderBy("id")
      .limit(page.limit)
      .offset(page.offset)
      .execute();
    const { total } = await this.#db
      .selectFrom("account")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    return { items: rows.map(toAccount), total };
  }

  async user(id: UserId): Promise<User | undefined> {
    const row = await this.#db.selectFrom("user").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toUser(row);
  }

  async project(id: ProjectId): Promise<Project | undefined> {
    const row = await this.#db.selectFrom("project").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toProject(row);
  }

  async projects(account: AccountId): Promise<readonly Project[]> {
    const rows = await this.#db
      .selectFrom("project")
      .selectAll()
      .where("accountId", "=", account)
      .orderBy("createdAt")
      .orderBy("id")
      .execute();
    return rows.map(toProject);
  }

  async userByName(account: AccountId, name: string): Promise<User | undefined> {
    const row = await this.#db
      .selectFrom("user")
      .selectAll()
      .where("accountId", "=", account)
      .where("name", "=", name)
      .executeTakeFirst();
    return row && toUser(row);
  }

  async users(account: AccountId): Promise<readonly User[]> {
    const rows = await this.#db
      .selectFrom("user")
      .selectAll()
      .where("accountId", "=", account)
      .orderBy("createdAt")
      .orderBy("id")
      .execute();
    return rows.map(toUser);
  }

  async updateUser(user: User): Promise<void> {
    await this.#writing.updateTable("user").set(fromUser(user)).where("id", "=", user.id).execute();
  }

  async deleteProject(id: ProjectId): Promise<void> {
    await this.#writing.deleteFrom("project").where("id", "=", id).execute();
  }

  async deleteAccount(id: AccountId): Promise<void> {
    await this.#writing.deleteFrom("account").where("id", "=", id).execute();
  }

  async deleteUser(id: UserId): Promise<void> {
    await this.#writing.deleteFrom("user").where("id", "=", id).execute();
  }

  async accessKey(id: string): Promise<AccessKey | undefined> {
    const row = await this.#db.selectFrom("accessKey").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toAccessKey(row);
  }

  async accessKeys(user: UserId): Promise<readonly AccessKey[]> {
    const rows = await this.#db
      .selectFrom("accessKey")
      .selectAll()
      .where("userId", "=", user)
      .orderBy("createdAt")
      .orderBy("id")
      .execute();
    return rows.map(toAccessKey);
  }

  async deleteAccessKey(id: string): Promise<void> {
    await this.#writing.deleteFrom("accessKey").where("id", "=", id).execute();
  }

  async tokenByHash(hash: string): Promise<Token | undefined> {
    const row = await this.#db.selectFrom("token").selectAll().where("hash", "=", hash).executeTakeFirst();
    return row && toToken(row);
  }

  async deleteToken(hash: string): Promise<void> {
    await this.#writing.deleteFrom("token").where("hash", "=", hash).execute();
  }

  async deleteAllSessions(): Promise<void> {
    await this.#writing
      .deleteFrom("token")
      .where((eb) => eb.or([eb("expiresAt", "is not", null), eb("methods", "like", '%"password"%')]))
      .execute();
    await this.#writing.deleteFrom("accessKey").where("expiresAt", "is not", null).execute();
  }

  async operatorProjects(): Promise<readonly ProjectId[]> {
    const rows = await this.#db
      .selectFrom("project")
      .select("project.id")
      .where("accountId", "in", (eb) =>
        eb.selectFrom("user").select("user.accountId").where("isOperator", "=", 1),
      )
      .orderBy("createdAt")
      .orderBy("id")
      .limit(mostOperatorProjects)
      .execute();
    return rows.map(({ id }) => id as ProjectId);
  }

  async deleteSessions(user: UserId): Promise<void> {
    await this.#writing
      .deleteFrom("token")
      .where("userId", "=", user)
      .where((eb) => eb.or([eb("expiresAt", "is not", null), eb("methods", "like", '%"password"%')]))
      .execute();
    await this.#writing
      .deleteFrom("accessKey")
      .where("userId", "=", user)
      .where("expiresAt", "is not", null)
      .execute();
  }

  async trimSessions(user: UserId, most: number, now: number): Promise<void> {
    await this.#writing.deleteFrom("token").where("expiresAt", "<=", now).execute();
    await this.#writing.deleteFrom("accessKey").where("expiresAt", "<=", now).execute();
    await this.#writing
      .deleteFrom("token")
      .where("hash", "in", (eb) =>
        eb
          .selectFrom("token")
          .select("hash")
          .where("userId", "=", user)
          .where("expiresAt", "is not", null)
          .orderBy("createdAt", "desc")
          .orderBy("hash")
          .limit(-1)
          .offset(most),
      )
      .execute();
    await this.#writing
      .deleteFrom("accessKey")
      .where("id", "in", (eb) =>
        eb
          .selectFrom("accessKey")
          .select("id")
          .where("userId", "=", user)
          .where("expiresAt", "is not", null)
          .orderBy("createdAt", "desc")
          .orderBy("id")
          .limit(-1)
          .offset(most),
      )
      .execute();
  }
}

function toAccount(row: Selectable<Schema["account"]>): Account {
  return { ...row, id: row.id as AccountId };
}

function toUser(row: Selectable<Schema["user"]>): User {
  return {
    ...row,
    id: row.id as UserId,
    accountId: row.accountId as AccountId,
    isOperator: row.isOperator === 1,
    role: row.role as Role,
    actions: JSON.parse(row.actions) as string[],
  };
}

function fromUser(user: User): Insertable<Schema["user"]> {
  return { ...user, isOperator: user.isOperator ? 1 : 0, actions: JSON.stringify(user.actions) };
}

function toProject(row: Selectable<Schema["project"]>): Project {
  return { ...row, id: row.id as ProjectId, accountId: row.accountId as AccountId };
}

function toToken(row: Selectable<Schema["token"]>): Token {
  return {
    ...row,
    userId: row.userId as UserId,
    projectId: row.projectId as ProjectId | null,
    methods: JSON.parse(row.methods) as Token["methods"],
  };
}

function toAccessKey(row: Selectable<Schema["accessKey"]>): AccessKey {
  const { securityTokenHash: hash, expiresAt, ...rest } = row;
  const securityToken = hash === null || expiresAt === null ? null : { hash, expiresAt };
  return { ...rest, userId: row.userId as UserId, securityToken };
}
