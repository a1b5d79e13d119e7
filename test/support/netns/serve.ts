/** What a program in a namespace can be asked to do. Arguments and results go through JSON. */
export type Procedures = Readonly<Record<string, (...args: never[]) => unknown>>;

export type Call = { readonly id: number; readonly name: string; readonly args: readonly unknown[] };
export type Answer = {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly code?: string };
};

/** Answers the calls of `remote.ts` until the caller goes away; then the process ends. */
export function serve(procedures: Procedures): void {
  process.on("message", (call: Call) => void answer(procedures, call).then((said) => process.send?.(said)));
  process.on("disconnect", () => process.exit());
  process.send?.({ id: 0 });
}

async function answer(procedures: Procedures, { id, name, args }: Call): Promise<Answer> {
  try {
    return { id, value: await procedures[name]?.(...(args as never[])) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && "code" in error ? { code: String(error.code) } : {};
    return { id, error: { message, ...code } };
  }
}
