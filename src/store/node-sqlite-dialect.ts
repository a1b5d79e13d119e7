import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import {
  SqliteDialect,
  SqliteQueryCompiler,
  type QueryCompiler,
  type SqliteDatabase,
  type SqliteStatement,
} from "kysely";

/** Most prepared statements kept; Postern's own number is far below. */
const statementLimit = 512;

/**
 * Lets Kysely's SQLite dialect run on `node:sqlite`. Statements are kept by their text: Kysely prepares anew
 * for every query, which would cost more than running it. Names are camelCase in queries and rows, and snake_case in the
 * database. They are translated where a query becomes text, and once a statement for its rows: Kysely's plugin goes
 * through every query a second time, and through every row.
 */
export function nodeSqliteDialect(database: DatabaseSync): SqliteDialect {
  return new NamingDialect({ database: new CachingDatabase(database) });
}

class NamingDialect extends SqliteDialect {
  override createQueryCompiler(): QueryCompiler {
    return new NamingCompiler();
  }
}

class NamingCompiler extends SqliteQueryCompiler {
  readonly #names = new Map<string, string>();

  protected override sanitizeIdentifier(identifier: string): string {
    const known = this.#names.get(identifier);
    if (known !== undefined) return known;
    const name = super.sanitizeIdentifier(snakeCase(identifier));
    this.#names.set(identifier, name);
    return name;
  }
}

class CachingDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const cached = this.#statements.get(sql);
    if (cached) return cached;
    const statement = new Statement(this.#database.prepare(sql));
    if (this.#statements.size >= statementLimit) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

type Row = Record<string, SQLOutputValue | undefined>;

class Statement implements SqliteStatement {
  readonly #statement: StatementSync;
  readonly #names: readonly string[];
  readonly reader: boolean;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.#names = statement.columns().map(({ name }) => camelCase(name));
    this.reader = this.#names.length > 0;
    statement.setReturnArrays(true);
  }

  all(parameters: readonly unknown[]): unknown[] {
    const rows = this.#statement.all(...(parameters as SQLInputValue[])) as unknown as SQLOutputValue[][];
    return rows.map((values) => this.#row(values));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...(parameters as SQLInputValue[]));
  }

  *iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    for (const values of this.#statement.iterate(...(parameters as SQLInputValue[]))) {
      yield this.#row(values as unknown as SQLOutputValue[]);
    }
  }

  #row(values: readonly SQLOutputValue[]): Row {
    const row: Row = {};
    for (const [index, name] of this.#names.entries()) row[name] = values[index];
    return row;
  }
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
