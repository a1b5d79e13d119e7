import { expect } from "vitest";

/** Matchers of the forms that the wire knows. */
export const aUuid: unknown = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
export const anAccountId: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
export const aTime: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
/** Clusters carry their times without the Z. */
export const aClusterTime: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
export const anAddress: unknown = expect.stringMatching(/^127(\.\d{1,3}){3}$/);

/** The body of an error with this code: all the keys that one or the other client reads. */
export function anError(code: string, text: RegExp = /./): unknown {
  return {
    errCode: code,
    externalMessage: expect.stringMatching(new RegExp(`^${code.replace(".", "\\.")} : `)),
    error_code: code,
    error_msg: expect.stringMatching(text),
    request_id: expect.stringMatching(/./),
  };
}
