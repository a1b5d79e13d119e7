import type { Kysely, Selectable } from "kysely";
import type { AccountId, ProjectId, UserId } from "../domain/ids.ts";
import type { AccessKey, Account, Project, Token, User } from "../domain/resources.ts";
import type { IdentityRepository, Listing, Page } from "../domain/store.ts";
import type { Schema } from "./schema.ts";

export class SqlIdentityRepository implements IdentityRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insertAccount(account: Account): Promise<void> {
    await this.#db.insertInto("account").values(account).execute();
  }

  async insertProject(project: Project): Promise<void> {
    await this.#db.insertInto("project").values(project).execute();
  }

  async insertUser(user: User): Promise<void> {
    await this.#db
      .insertInto("user")
      .values({ ...user, isOperator: user.isOperator ? 1 : 0 })
      .execute();
  }

  async insertAccessKey(key: AccessKey): Promise<void> {
    await this.#db.insertInto("accessKey").values(key).execute();
  }

  async insertToken(token: Token): Promise<void> {
    await this.#db.insertInto("token").values(token).execute();
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
    return row && { ...row, id: row.id as ProjectId, accountId: row.accountId as AccountId };
  }

  async tokenByHash(hash: string): Promise<Token | undefined> {
    const row = await this.#db.selectFrom("token").selectAll().where("hash", "=", hash).executeTakeFirst();
    return row && { ...row, userId: row.userId as UserId, projectId: row.projectId as ProjectId };
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
  };
}
